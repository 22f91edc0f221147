"""The public picture sets the starter learns from: where they come from, and what their folders are called
in words.

Every set is a folder of pictures sorted into folders by class, except `CAPTIONED`, which are zip files with
a `captions.jsonl`. A class may have several names; the first is the usual one. Underscores and hyphens in
folder names become spaces unless `names` says otherwise.
"""

from __future__ import annotations

import csv
import runpy
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from json import loads
from pathlib import Path
from typing import Literal

from photoclip.clip.training import folder_names as words_of
from photoclip.errors import PhotoClipError

Kind = Literal["name", "caption"]

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})


@dataclass(frozen=True)
class Picture:
    """One training picture: how to read it, and the texts that belong to it."""

    archive: Path | None  # a zip file, or None for a plain file
    name: str  # the member of the zip, or the file's path
    texts: tuple[str, ...]
    kind: Kind  # captions are used as they are, names are put into templates
    split: str = "train"

    def read(self, open_archives: dict[Path, zipfile.ZipFile]) -> bytes:
        if self.archive is None:
            return Path(self.name).read_bytes()
        if self.archive not in open_archives:
            open_archives[self.archive] = zipfile.ZipFile(self.archive)
        return open_archives[self.archive].read(self.name)


@dataclass(frozen=True)
class PictureSet:
    """A set of labelled folders. `depth` is how many folders above the file names the class."""

    key: str
    source: str  # repository @ commit
    terms: str
    root: str = ""  # folder inside the set's own folder
    passes: float = 1.0  # how often a picture is seen, relative to the other sets
    cap: int = 1_000_000  # at most this many pictures of a class
    drop: frozenset[str] = frozenset()
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    class_part: int = -2  # which part of the path below `root` names the class


IMAGENET = "ImageNet: non-commercial research"

CAPTIONED: dict[str, float] = {
    "flickr8k": 18.0,
    "coco": 18.0,
    "caltech101": 30.0,
    "flowers": 1.0,
    "tiny-imagenet-0": 0.8,
    "tiny-imagenet-1": 0.8,
}

CAPTIONS = frozenset({"flickr8k", "coco"})
"""The zip files whose pictures have captions in sentences; the others have names."""
FURTHER = "coco"
"""Not among the starter's data: pictures of COCO with their captions, as public repositories hold them
(nsimsiri/Image-Captioning @ 41745f74693b305004ba59e1a013b1e5951f8e58 and
Obmutescence/COCO-MINI @ 644f29e7c1d2eefd9c4412d39bc5b0ee6fd0afd4), zipped like the others."""

PICTURE_SETS: tuple[PictureSet, ...] = (
    PictureSet(
        "miniplaces",
        "rathull/CTFs @ f35c219885f163ca00a045236dd44be489598837",
        "Places: non-commercial research",
        "data/images/train",
        passes=0.8,
        cap=450,
        names=words_of.SCENES,
    ),
    PictureSet(
        "imagenette",
        "thunderInfy/imagenette @ b850f030ff0701c36a4adc8b928ea9483a46915b",
        IMAGENET,
        passes=1.5,
        cap=900,
    ),
    PictureSet(
        "imagewoof",
        "q878787/imagewoof2-320 @ 874e58f0c1acebb0d90e40f48460d65322f09f85",
        IMAGENET,
        passes=0.5,
        cap=400,
    ),
    PictureSet(
        "space",
        "MAprogrammer3/Space_Exploration @ 41e5d8923bd677b3003b928e971a0c13fcd8a18c",
        "none stated",
        "GP/Data",
        passes=4.0,
        names=words_of.SPACE,
    ),
    PictureSet(
        "coins",
        "Pitrified/coin-dataset @ ecdfe5955c90f4c4cd17da2788e20578747344b3",
        "none stated",
        "original",
        passes=3.0,
        cap=100,
        names=words_of.COINS,
    ),
    PictureSet(
        "collages",
        "made by collages.py from coins and space",
        "as those two",
        passes=3.0,
        names=words_of.COLLAGES,
    ),
    PictureSet(
        "sports",
        "jurjsorinliviu/Sports-Type-Classifier @ 44513762e9ebbabeb64b55c5da5401fe57b6d85b",
        "none stated",
        "data",
        passes=1.0,
        cap=450,
        names=words_of.SPORTS,
        drop=frozenset({".ipynb_checkpoints", "models"}),
    ),
    PictureSet(
        "sea-animals",
        "AbdulwahedA/Sea-Animals-Image-DatasetProject @ 7c8c87a3768889f2b891a68ecd95efe52abf69f4",
        "none stated",
        "Sea Animals Image Dataset",
        passes=1.0,
        cap=400,
        names=words_of.SEA,
    ),
    PictureSet(
        "instruments",
        "aizadaaskar/dl-homework @ e1f4d1754dd7503f5ccf911da8d22ee8f987ef36",
        "none stated",
        passes=1.5,
        names=words_of.INSTRUMENTS,
    ),
    PictureSet(
        "weather",
        "shubhankarm01/Weather-image-classification @ 3dbe27cfcf470d8bb32464a9cb8fa64e93052a81",
        "none stated",
        "train",
        passes=3.0,
        names=words_of.WEATHER,
    ),
    PictureSet(
        "houses",
        "emanhamed/Houses-dataset @ 5e148219500558089cf5cf121b626b17fdde9b92",
        "none stated",
        passes=1.0,
        names=words_of.HOUSES,
    ),
    PictureSet(
        "clothing",
        "alexeygrigorev/clothing-dataset-small @ 11961516512414bf9f6c150a832cfd21b54a6b54",
        "CC0",
        passes=1.5,
        names=words_of.CLOTHES,
    ),
    PictureSet(
        "trash",
        "congduytran12/Trash-Classification- @ 00212f2c18dcdb9045c74481eaae5baaf72537df",
        "none stated",
        "dataset-resized",
        passes=1.5,
        names=words_of.TRASH,
    ),
    PictureSet(
        "groceries",
        "marcusklasson/GroceryStoreDataset @ fc80ba90f803d79d0383df52c5a4ac5de99ff6fc",
        "MIT",
        "dataset/train",
        passes=1.0,
        cap=100,
        class_part=1,
        names=words_of.GROCERIES,
    ),
    PictureSet(
        "cats-and-dogs",
        "karemsaeed21/cat_vs_dog_classification_CNN @ 16df905b3e0272c188c89dd050bf9b5d04314720",
        "none stated",
        "PetImages/cleaned",
        passes=2.0,
        cap=2000,
        names=words_of.CATS_AND_DOGS,
    ),
    PictureSet(
        "intel",
        "afroozsheikh/Intel-Image-Classifier @ 268f8fc38fb3f7307c1861d619ee99ff4158a3f5",
        "none stated",
        "train",
        cap=900,
        names=words_of.INTEL,
    ),
    PictureSet(
        "mini-imagenet",
        "Deo0330/split_minidataset @ 557ebcae0db23651f9370f54a5f31b1f0fd4064d",
        IMAGENET,
        passes=0.8,
        cap=500,
    ),
    PictureSet(
        "food",
        "Gandolier/genai_food101_repo @ 1ed9ca6f28568f44b367fdd76789aec3d59d6dce",
        "Food-101: research",
        "data/train",
        passes=0.6,
        cap=200,
    ),
)


def captioned(archive: Path, *, splits: frozenset[str]) -> Iterator[Picture]:
    """The pictures of one zip file with `captions.jsonl`."""
    try:
        with zipfile.ZipFile(archive) as opened:
            lines = opened.read("captions.jsonl").decode("utf-8").splitlines()
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise PhotoClipError(f"{archive} is not a picture set with captions.jsonl: {error}.") from error
    kind: Kind = "caption" if archive.stem in CAPTIONS else "name"
    for line in lines:
        entry = loads(line)
        if entry["split"] in splits:
            yield Picture(archive, entry["image"], tuple(entry["captions"]), kind, entry["split"])


def labelled(extra: PictureSet, folder: Path) -> Iterator[Picture]:
    """The pictures of one folder set, in the order of their paths, at most `cap` a class."""
    root = folder / extra.key / extra.root
    words = {**_wordnet_names(), **extra.names}
    told = _told_labels(folder / extra.key)
    counts: dict[str, int] = {}
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            continue
        label = told.get(path.name) or _label(extra, path, root)
        if label is None or label in extra.drop or counts.get(label, 0) >= extra.cap:
            continue
        counts[label] = counts.get(label, 0) + 1
        texts = words.get(label) or (label.replace("_", " ").replace("-", " ").lower(),)
        yield Picture(None, str(path), texts, "name")


def _label(extra: PictureSet, path: Path, root: Path) -> str | None:
    """The class's folder, or None for a picture that lies outside of them."""
    parts = path.relative_to(root).parts
    if extra.key == "houses":
        return path.stem.split("_")[-1]
    if len(parts) < 2:
        return None
    label = parts[extra.class_part]
    if label in ("outdoor", "indoor") and len(parts) > 2:  # a second level that says nothing by itself
        label = parts[extra.class_part - 1]
    return label


def _told_labels(folder: Path) -> dict[str, str]:
    """File name to label for the sets that keep labels in a table instead of folders."""
    table = folder / "Training_set.csv"
    if not table.is_file():
        return {}
    with table.open(newline="", encoding="utf-8") as lines:
        return {row["filename"]: row["label"] for row in csv.DictReader(lines)}


def imagenet_names() -> list[str]:
    """The 1,000 ImageNet classes in everyday words, in the usual order (open_clip's curated list)."""
    listed = runpy.run_path(str(_packaged("open_clip", "zero_shot_metadata.py")))["IMAGENET_CLASSNAMES"]
    return list(listed)


def _wordnet_names() -> dict[str, tuple[str, ...]]:
    """ImageNet's folder names (n02114548) in words."""
    synsets = _packaged("timm", "data/_info/imagenet_synsets.txt").read_text(encoding="utf-8").split()
    return {synset: (name,) for synset, name in zip(synsets, imagenet_names(), strict=True)}


def _packaged(package: str, name: str) -> Path:
    """A file inside an installed package, found without importing it: both import torchvision in full."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise PhotoClipError(f"The training recipe needs the package {package}; install photoclip[train].")
    return Path(spec.origin).parent / name
