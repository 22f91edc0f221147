"""Any repository of the hub, on loopback: what is taken of it, what is said of it, and what can go wrong."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from photoclip.clip import checkpoint, store
from photoclip.clip.dialects import write_transformers
from photoclip.clip.encoder import load_encoder
from photoclip.clip.models import find_model, model_folders
from photoclip.clip.store import room, unfinished
from photoclip.clip.store.faults import DownloadError
from photoclip.clip.store.job import Job
from photoclip.clip.store.origin import ORIGIN, Origin, origin_of
from photoclip.clip.store.repositories import look, own_name, repository_id
from photoclip.errors import Cancelled, DiskFull, ModelError
from photoclip.paths import models_dir
from tests.clip.dialects.hostile import Payload
from tests.clip.hub_server import API, COMMIT, Hub, Trouble
from tests.clip.open_clip_folders import CONFIG, WEIGHTS, write
from tests.clip.small_models import SMALL, open_clip_settings, random_model

VIT = SMALL["vit"]
NAME, ADDRESS, OWN_NAME = "somebody/Small.CLIP", "hf-hub:somebody/Small.CLIP", "somebody-Small.CLIP"
TOKENIZER = ["special_tokens_map.json", "tokenizer.json", "tokenizer_config.json"]
OWN_FILES = ["config.json", "model.safetensors", ORIGIN]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plain CLIP in open_clip's layout."""
    folder = tmp_path_factory.mktemp("plain")
    save_file(random_model(VIT).state_dict(), folder / WEIGHTS)
    (folder / CONFIG).write_text(json.dumps(open_clip_settings(VIT)))
    return folder


@pytest.fixture(scope="module")
def transformers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model for Transformers."""
    folder = tmp_path_factory.mktemp("transformers")
    write_transformers(random_model(VIT), VIT, folder)
    return folder


@pytest.fixture(scope="module")
def for_open_clip(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("open_clip")
    return {kind: write(folder / kind, kind) for kind in ("siglip", "xlm-roberta", "mobileclip")}


@pytest.fixture
def job() -> Job:
    return Job(wait=lambda event, seconds: None)


def own() -> list[str]:
    return [path.name for path in model_folders() if path.parent == models_dir()]


def leftovers() -> list[str]:
    root = models_dir() / unfinished.UNFINISHED
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.suffix != ".lock")


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fetched(hub: Hub) -> list[str]:
    """The names of the files that were asked for."""
    return [seen.path.rpartition("/")[2] for seen in hub.asked("GET") if API not in seen.path]


def assert_half_of(folder: Path, model: torch.nn.Module) -> None:
    stored, expected = load_file(folder / "model.safetensors"), model.state_dict()
    assert stored.keys() == expected.keys()
    for name, tensor in expected.items():
        torch.testing.assert_close(stored[name].float(), tensor, rtol=1e-3, atol=1e-6)


def test_a_plain_clip_in_open_clips_layout(hub: Hub, plain: Path, job: Job) -> None:
    hub.put_folder(NAME, plain)
    for name in ("README.md", "open_clip_pytorch_model.bin", "flax_model.msgpack", "evil.py"):
        hub.put(NAME, name, b"not asked for")
    info = store.get_repository(ADDRESS, job)
    assert info == find_model(OWN_NAME)
    assert (info.name, own(), leftovers()) == (OWN_NAME, [OWN_NAME], [])
    assert files(info.folder) == OWN_FILES
    assert checkpoint.read(info.folder)[0].name == OWN_NAME
    assert_half_of(info.folder, random_model(VIT))
    assert fetched(hub) == [CONFIG, WEIGHTS]
    assert hub.seen[0].path == f"{API}{NAME}?blobs=true"
    assert all(f"/resolve/{COMMIT}/" in seen.path for seen in hub.seen[1:]), "one version of everything"


@pytest.mark.parametrize("kind", ["siglip", "xlm-roberta", "mobileclip"])
def test_what_only_open_clip_builds(hub: Hub, for_open_clip: dict[str, Path], kind: str, job: Job) -> None:
    hub.put_folder(NAME, for_open_clip[kind])
    hub.put(NAME, "README.md", b"not asked for")
    info = store.get_repository(ADDRESS, job, "mine")
    assert (info.name, own(), leftovers()) == ("mine", ["mine"], [])
    assert files(info.folder) == sorted([*files(for_open_clip[kind]), ORIGIN])
    assert load_encoder("mine").encode_texts(["a dog"]).shape == (1, info.dim)


@pytest.mark.parametrize("shards", [False, True])
def test_a_clip_for_transformers(hub: Hub, transformers: Path, job: Job, shards: bool) -> None:
    hub.put_folder(NAME, transformers)
    reports: list[tuple[float, ...]] = []
    if shards:
        split(hub, transformers)
    seen = Job(progress=lambda *report: reports.append(report), wait=job.wait)
    info = store.get_repository(ADDRESS, seen)
    assert files(info.folder) == OWN_FILES
    assert checkpoint.read(info.folder)[0].mean == VIT.mean
    assert_half_of(info.folder, random_model(VIT))
    done, totals = [report[0] for report in reports], {report[1] for report in reports}
    assert done == sorted(done)
    assert totals == {done[-1]}, "of all shards together"
    assert reports[-1][3] == 0
    assert fetched(hub)[0] == "config.json"
    assert {"preprocessor_config.json"} < set(fetched(hub))
    assert not {"tokenizer_config.json", "vocab.json"} & set(fetched(hub))


def split(hub: Hub, folder: Path) -> None:
    stored = load_file(folder / "model.safetensors")
    del hub.files[f"/{NAME}/resolve/main/model.safetensors"]
    places = {name: f"model-0000{1 + (i % 2)}-of-00002.safetensors" for i, name in enumerate(sorted(stored))}
    for shard in set(places.values()):
        path = folder.parent / shard
        save_file({name: stored[name] for name, place in places.items() if place == shard}, path)
        hub.put(NAME, shard, path.read_bytes())
    hub.put(NAME, "model.safetensors.index.json", json.dumps({"weight_map": places}).encode())


@pytest.mark.parametrize("layout", ["open_clip", "transformers"])
def test_pickled_weights_go_through_the_restricted_reader(
    hub: Hub, plain: Path, transformers: Path, layout: str, tmp_path: Path, job: Job
) -> None:
    source, weights, pickled = {
        "open_clip": (plain, WEIGHTS, "open_clip_pytorch_model.bin"),
        "transformers": (transformers, "model.safetensors", "pytorch_model.bin"),
    }[layout]
    hub.put_folder(NAME, source)
    del hub.files[f"/{NAME}/resolve/main/{weights}"]
    torch.save(load_file(source / weights), tmp_path / "weights")
    hub.put(NAME, pickled, (tmp_path / "weights").read_bytes())
    assert_half_of(store.get_repository(ADDRESS, job, "mine").folder, random_model(VIT))
    torch.save(load_file(source / weights) | {"x": Payload(tmp_path / "ran")}, tmp_path / "weights")
    hub.put(NAME, pickled, (tmp_path / "weights").read_bytes())
    page = f"{hub.address}/{NAME}/{pickled}"
    with pytest.raises(ModelError, match=f"{page} was not loaded, and nothing in it was run: it asks for"):
        store.get_repository(ADDRESS, job, "other")
    assert not (tmp_path / "ran").exists()
    assert (own(), leftovers()) == (["mine"], [])


def test_safetensors_come_before_a_pickle(hub: Hub, plain: Path, job: Job) -> None:
    hub.put_folder(NAME, plain)
    path = f"/{NAME}/resolve/main/{WEIGHTS}"
    hub.files[path.replace(WEIGHTS, "open_clip_pytorch_model.safetensors")] = hub.files.pop(path)
    hub.put(NAME, "open_clip_pytorch_model.bin", b"no")
    store.get_repository(ADDRESS, job)
    assert fetched(hub) == [CONFIG, "open_clip_pytorch_model.safetensors"]


@pytest.mark.parametrize(
    ("said", "licence"),
    [
        ({}, "not stated"),
        ({"cardData": {"license": "mit"}}, "mit"),
        ({"cardData": {"license": ["mit", "apache-2.0"]}}, "mit, apache-2.0"),
        ({"tags": ["clip", "license:cc-by-nc-4.0"]}, "cc-by-nc-4.0"),
        ({"cardData": {"license": "other", "license_name": "apple-amlr"}}, "apple-amlr"),
        ({"cardData": {"license": "other", "license_link": "LICENSE"}}, "LICENSE"),
        ({"cardData": {"license": "other"}}, "other"),
        ({"cardData": {"license": "mit\x1b[2J\n"}}, "mit [2J"),
        ({"cardData": "?", "tags": [None, "license:"]}, "not stated"),
        ({"cardData": {"license": "x" * 500}}, "x" * 80),
    ],
)
def test_the_licence_is_its_cards(
    hub: Hub, plain: Path, job: Job, said: dict[str, Any], licence: str
) -> None:
    hub.put_folder(NAME, plain)
    hub.said[NAME] = said
    found = look(NAME, job)
    assert found.licence == licence
    assert found.page == f"{hub.address}/{NAME}"
    assert found.bytes == sum(path.stat().st_size for path in plain.iterdir())


def test_where_it_came_from_is_kept(hub: Hub, plain: Path, job: Job) -> None:
    hub.put_folder(NAME, plain)
    hub.said[NAME] = {"cardData": {"license": "mit"}}
    folder = store.get_repository(ADDRESS, job).folder
    assert origin_of(folder) == Origin("mit", page=f"{hub.address}/{NAME}")
    (folder / ORIGIN).write_text("[")
    assert origin_of(folder) == Origin()
    (folder / ORIGIN).unlink()
    assert origin_of(folder) == Origin()


def test_names() -> None:
    assert repository_id("hf-hub:timm/ViT-B-16-SigLIP") == "timm/ViT-B-16-SigLIP"
    assert repository_id(" somebody/x\n") == "somebody/x"
    assert own_name("timm/ViT-B-16-SigLIP") == "timm-ViT-B-16-SigLIP"
    assert own_name("somebody/_odd_") == "somebody-_odd"
    assert len(own_name(f"{'o' * 40}/{'n' * 55}")) == 64
    for wrong in (
        "",
        "clip",
        "a/b/c",
        "../x",
        "a/..",
        "a/b--c",
        "https://huggingface.co/a/b",
        "a/b?x",
    ):
        with pytest.raises(ModelError, match="is no repository of the hub; write it as hf-hub:OWNER/NAME"):
            repository_id(f"hf-hub:{wrong}")


def test_a_name_that_is_taken_asks_nothing(hub: Hub, plain: Path, job: Job) -> None:
    hub.put_folder(NAME, plain)
    before = store.get_repository(ADDRESS, job)
    asked = len(hub.seen)
    with pytest.raises(ModelError, match=f"{OWN_NAME} is installed already; .* --replace"):
        store.get_repository(ADDRESS, job)
    with pytest.raises(ModelError, match="starter is the name of a model that comes with PhotoClip"):
        store.get_repository(ADDRESS, job, "starter")
    assert len(hub.seen) == asked
    assert store.get_repository(ADDRESS, job, replace=True) == before
    store.get_repository(ADDRESS, job, "mine")
    assert own() == ["mine", OWN_NAME]


@pytest.mark.parametrize(
    ("there", "missing"),
    [
        (["README.md"], "open_clip_config.json or config.json is missing there"),
        ([CONFIG], "open_clip_model.safetensors is missing there"),
        ([CONFIG, "open_clip_model.safetensors.index.json"], "open_clip_model.safetensors is missing there"),
        (["config.json"], "model.safetensors is missing there"),
        (["config.json", "flax_model.msgpack", "model.onnx"], "model.safetensors is missing there"),
        (["config.json", "model.safetensors.index.json"], "model-00001-of-….safetensors is missing there"),
        (["open_clip/config.json", "weights/model.safetensors"], "config.json is missing there"),
    ],
)
def test_a_repository_without_a_model_says_what_is_missing(
    hub: Hub, job: Job, there: list[str], missing: str
) -> None:
    for name in there:
        hub.put(NAME, name, b"{}")
    with pytest.raises(
        ModelError, match=f"{hub.address}/{NAME} has no model that PhotoClip can use: .*{missing}"
    ):
        store.get_repository(ADDRESS, job)
    assert fetched(hub) == []
    assert own() == leftovers() == []


def test_another_model_of_transformers_is_refused_before_its_weights(
    hub: Hub, transformers: Path, job: Job
) -> None:
    hub.put_folder(NAME, transformers)
    hub.put(NAME, "config.json", b'{"model_type": "siglip"}')
    sentence = f"{hub.address}/{NAME}/config.json describes a model of the type 'siglip', not \"clip\""
    with pytest.raises(ModelError, match=sentence):
        store.get_repository(ADDRESS, job)
    assert fetched(hub) == ["config.json"]
    assert own() == leftovers() == []


def test_preprocessing_that_cannot_be_done_is_refused_before_the_weights(
    hub: Hub, transformers: Path, for_open_clip: dict[str, Path], job: Job, tmp_path: Path
) -> None:
    hub.put_folder(NAME, transformers)
    hub.put(NAME, "preprocessor_config.json", b'{"do_rescale": false}')
    with pytest.raises(ModelError, match=f"{hub.address}/{NAME}/preprocessor_config.json leaves out a step"):
        store.get_repository(ADDRESS, job)
    hub.put_folder("a/siglip", for_open_clip["siglip"])
    settings = json.loads((for_open_clip["siglip"] / CONFIG).read_text())
    settings["preprocess_cfg"]["resize_mode"] = "longest"
    hub.put("a/siglip", CONFIG, json.dumps(settings).encode())
    with pytest.raises(ModelError, match='/a/siglip/open_clip_config.json asks for "resize_mode" longest'):
        store.get_repository("hf-hub:a/siglip", job)
    assert not {WEIGHTS, "model.safetensors"} & set(fetched(hub))
    assert own() == leftovers() == []


def test_without_the_extra_it_is_said_before_the_weights(
    hub: Hub, for_open_clip: dict[str, Path], job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "open_clip", None)
    hub.put_folder(NAME, for_open_clip["siglip"])
    with pytest.raises(
        ModelError,
        match=rf"{NAME}/{CONFIG} describes a model that is not a plain CLIP .* "
        r"it needs open_clip: pip install 'photoclip\[open-clip\]'",
    ):
        store.get_repository(ADDRESS, job)
    assert fetched(hub) == [CONFIG]
    assert own() == leftovers() == []


def test_a_tokenizer_that_is_missing_is_named(hub: Hub, for_open_clip: dict[str, Path], job: Job) -> None:
    hub.put_folder(NAME, for_open_clip["siglip"])
    del hub.files[f"/{NAME}/resolve/main/tokenizer.json"]
    with pytest.raises(
        ModelError, match=f"The model in {hub.address}/{NAME} is incomplete: tokenizer.json is"
    ):
        store.get_repository(ADDRESS, job)
    assert WEIGHTS not in fetched(hub)
    assert own() == leftovers() == []


def test_what_open_clip_cannot_build_is_not_kept(
    hub: Hub, for_open_clip: dict[str, Path], job: Job, tmp_path: Path
) -> None:
    hub.put_folder(NAME, for_open_clip["mobileclip"])
    settings = json.loads((for_open_clip["mobileclip"] / CONFIG).read_text())
    settings["model_cfg"]["text_cfg"]["layers"] = 5
    hub.put(NAME, CONFIG, json.dumps(settings).encode())
    with pytest.raises(ModelError, match=f"open_clip cannot use the model in {hub.address}/{NAME} "):
        store.get_repository(ADDRESS, job)
    assert own() == leftovers() == []


def test_nothing_of_a_repository_is_run(
    hub: Hub, for_open_clip: dict[str, Path], job: Job, tmp_path: Path
) -> None:
    """Code beside the model, which its tokenizer's settings point at, does not even arrive."""
    hub.put_folder(NAME, for_open_clip["siglip"])
    hub.put(NAME, "evil.py", f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Evil: pass\n".encode())
    settings = json.loads((for_open_clip["siglip"] / "tokenizer_config.json").read_text())
    settings |= {"auto_map": {"AutoTokenizer": ["evil.Evil", "evil.Evil"]}, "tokenizer_class": "Evil"}
    hub.put(NAME, "tokenizer_config.json", json.dumps(settings).encode())
    with pytest.raises(ModelError, match="open_clip cannot use the model in"):
        store.get_repository(ADDRESS, job)
    assert "evil.py" not in fetched(hub)
    assert not (tmp_path / "ran").exists()
    assert own() == leftovers() == []


def test_a_dropped_connection_is_resumed(hub: Hub, plain: Path, job: Job) -> None:
    hub.put_folder(NAME, plain)
    hub.trouble("GET", f"/{NAME}/resolve/main/{WEIGHTS}", Trouble(drop_after=150_000))
    store.get_repository(ADDRESS, job)
    first, second = hub.ranges()
    assert first == ""
    assert 0 < int(second.removeprefix("bytes=").rstrip("-")) <= 150_000


def test_cancelled_it_goes_on_from_there(hub: Hub, plain: Path, job: Job) -> None:
    hub.put_folder(NAME, plain)
    cancel = threading.Event()
    with pytest.raises(Cancelled, match="what has arrived is kept"):
        store.get_repository(ADDRESS, Job(cancel, progress=lambda *_: cancel.set()))
    assert own() == []
    assert len([name for name in leftovers() if name.endswith(".part")]) == 1
    store.get_repository(ADDRESS, job)
    assert hub.ranges()[-1].startswith("bytes=")
    assert fetched(hub).count(CONFIG) == 1
    assert leftovers() == []


def test_what_arrived_of_another_version_is_not_mixed_in(
    hub: Hub, for_open_clip: dict[str, Path], plain: Path, job: Job
) -> None:
    hub.put_folder(NAME, for_open_clip["siglip"])
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        store.get_repository(ADDRESS, Job(cancel, progress=lambda *_: cancel.set()))
    assert any("tokenizer.json" in name for name in leftovers())
    hub.files.clear()
    hub.put_folder(NAME, plain)
    assert files(store.get_repository(ADDRESS, job).folder) == OWN_FILES


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
def test_a_wrong_hash(hub: Hub, plain: Path, job: Job, name: str) -> None:
    path = f"/{NAME}/resolve/main/{name}"
    hub.put_folder(NAME, plain)
    hub.trouble("GET", path, Trouble(content=bytes(len(hub.files[path]))))
    with pytest.raises(DownloadError, match=f"{NAME} cannot be downloaded from .*its hash differs"):
        store.get_repository(ADDRESS, job)
    assert own() == []
    store.get_repository(ADDRESS, job)


@pytest.mark.parametrize("content", [b"[]", b'{"siblings": 3}', b"{}"])
def test_an_answer_that_says_nothing(hub: Hub, plain: Path, job: Job, content: bytes) -> None:
    hub.put_folder(NAME, plain)
    hub.trouble("GET", f"{API}{NAME}", Trouble(content=content))
    with pytest.raises(ModelError, match="use another mirror|is missing there"):
        look(NAME, job)


def test_a_mirror_without_hashes_or_without_the_question(hub: Hub, plain: Path, job: Job) -> None:
    hub.put_folder(NAME, plain)
    hub.etags[f"/{NAME}/resolve/main/{WEIGHTS}"] = "12-ab"
    with pytest.raises(DownloadError, match="does not say the file's size and hash.*use another mirror"):
        look(NAME, job)
    hub.trouble("GET", f"{API}{NAME}", Trouble(content=b"<html>"))
    with pytest.raises(DownloadError, match="check the variable HF_ENDPOINT"):
        look(NAME, job)


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (
            Trouble(401),
            "there is no such repository, or it is a private one; check the name, or set HF_TOKEN",
        ),
        (Trouble(404), "there is no such repository"),
        (Trouble(401, {"X-Error-Message": "Invalid credentials in Authorization header"}), "in HF_TOKEN"),
        (Trouble(403, {"X-Error-Code": "GatedRepo"}), "licence has to be accepted first; sign in .*HF_TOKEN"),
        (Trouble(429, {"Retry-After": "600"}), "too much was asked of the server; try again in 10 minutes"),
        (Trouble(400), "the server answered 400"),
    ],
)
def test_what_the_hub_refuses(hub: Hub, plain: Path, job: Job, trouble: Trouble, sentence: str) -> None:
    hub.put_folder(NAME, plain)
    hub.trouble("GET", f"{API}{NAME}", trouble)
    with pytest.raises(DownloadError, match=f"{NAME} cannot be downloaded from 127.0.0.1:.*{sentence}"):
        look(NAME, job)
    assert len(hub.seen) == 1


def test_a_repository_that_is_not_there(hub: Hub, job: Job) -> None:
    with pytest.raises(DownloadError, match="there is no such repository"):
        store.get_repository(ADDRESS, job)
    assert leftovers() == []


def test_a_gated_file_says_what_to_accept(hub: Hub, plain: Path, job: Job) -> None:
    hub.put_folder(NAME, plain)
    hub.trouble("GET", f"/{NAME}/resolve/main/{CONFIG}", Trouble(401, {"X-Error-Code": "GatedRepo"}))
    with pytest.raises(DownloadError, match=f"licence has to be accepted.*{NAME}, then set HF_TOKEN"):
        store.get_repository(ADDRESS, job)


def test_faults_that_pass_are_waited_out(hub: Hub, plain: Path) -> None:
    waits: list[float] = []
    hub.put_folder(NAME, plain)
    hub.trouble("GET", f"{API}{NAME}", Trouble(429, {"Retry-After": "7"}), Trouble(503))
    store.get_repository(ADDRESS, Job(wait=lambda event, seconds: waits.append(seconds)))
    assert waits == [7, 2]


def test_a_token_and_a_proxy_are_used(
    hub: Hub, plain: Path, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.put_folder(NAME, plain)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid/")
    monkeypatch.setenv("HTTP_PROXY", hub.address)
    store.get_repository(ADDRESS, job)
    assert {seen.headers["Authorization"] for seen in hub.seen} == {"Bearer hf_secret"}
    assert all(seen.path.startswith("http://hub.invalid/") for seen in hub.seen)


def test_a_mirrors_password_is_not_shown(
    hub: Hub, plain: Path, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.put_folder(NAME, plain)
    monkeypatch.setenv("HF_ENDPOINT", hub.address.replace("//", "//me:secret@"))
    assert look(NAME, job).page == f"{hub.address}/{NAME}"


def test_offline_mode_is_honoured(hub: Hub, job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadError, match=f"{NAME} is on the hub, which HF_HUB_OFFLINE forbids"):
        look(NAME, job)
    assert hub.seen == []


def test_a_folder_that_cannot_be_written_is_named_and_kept(
    hub: Hub, plain: Path, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not the page's fault."""
    hub.put_folder(NAME, plain)

    def refuse(part: object, piece: bytes) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr("photoclip.clip.store.download._Part.append", refuse)
        with pytest.raises(ModelError, match=f"^{models_dir()}/.* cannot be written .*Permission denied"):
            store.get_repository(ADDRESS, job)
    assert leftovers() != []
    store.get_repository(ADDRESS, job)


def test_no_room_is_said_before_anything_is_fetched(
    hub: Hub, plain: Path, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.put_folder(NAME, plain)
    size = sum(path.stat().st_size for path in plain.iterdir())
    monkeypatch.setattr(room, "free_bytes", lambda folder: size)
    with pytest.raises(DiskFull, match=f"{NAME} needs . MB of free space on the disk that holds"):
        store.get_repository(ADDRESS, job)
    assert fetched(hub) == []
    monkeypatch.setattr(room, "free_bytes", lambda folder: 2 * size)
    store.get_repository(ADDRESS, job)
