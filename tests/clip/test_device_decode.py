"""JPEG files decoded where the model runs: the same pixels as elsewhere, and what is odd is left to others.

The real decoder needs torchvision's operators, for the CPU or for CUDA; with Pillow in its place the rest is
tested anywhere.
"""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.ExifTags import Base

from photoclip import pixels
from photoclip.clip import device_decode
from photoclip.clip.device_decode import DECODERS, Decode, DeviceDecoder, probe_files, read_header
from photoclip.clip.encoder import TorchEncoder
from photoclip.clip.placement import PLAIN, probe_pixels
from photoclip.clip.torchvision_compat import import_torchvision
from photoclip.pixels import PixelSpec
from tests.clip.small_models import SMALL, random_model

SPEC = PixelSpec(64)
SIZE = (700, 680)
AREA = 700 * 680
LEAST = pixels.decoded_side(SPEC)


def pillow_decode(files: list[torch.Tensor]) -> list[torch.Tensor]:
    """Stands in for a device's decoder: as strict about damage, and as silent about which photo it was."""
    try:
        pictures = [Image.open(io.BytesIO(bytes(data.numpy()))).convert("RGB") for data in files]
    except OSError as error:
        raise RuntimeError("Failed to decode batch: 3") from error
    return [torch.from_numpy(np.array(picture)).permute(2, 0, 1) for picture in pictures]


def torchvision_decode(files: list[torch.Tensor]) -> list[torch.Tensor]:
    torchvision_io = import_torchvision("torchvision.io")
    return torchvision_io.decode_jpeg(files, mode=torchvision_io.ImageReadMode.RGB)


def jpeg(size: tuple[int, int] = SIZE, mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    picture = Image.fromarray(probe_pixels(48)[0]).resize(size, Image.Resampling.BICUBIC)
    picture.convert(mode).save(out, "JPEG", quality=92, **options)
    return out.getvalue()


def turned(orientation: int, size: tuple[int, int] = SIZE) -> bytes:
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    return jpeg(size, exif=exif)


def elsewhere(data: bytes, spec: PixelSpec) -> np.ndarray:
    """The same from a picture that Pillow decodes in full; the decode processes come close to it."""
    return pixels.model_pixels(pixels.decode(data, shortest_side=pixels.PIXEL_LIMIT).image, spec)


def difference(data: bytes, spec: PixelSpec, decode: Decode = pillow_decode) -> float:
    """The mean, in steps of 255, between here and elsewhere."""
    found, places = DeviceDecoder(spec, decode).decode([data])
    assert places == [0]
    assert found.dtype == torch.uint8
    assert found.shape == (1, spec.size, spec.size, 3)
    return float(np.abs(found[0].numpy().astype(float) - elsewhere(data, spec)).mean())


@pytest.mark.parametrize("orientation", range(10))
def test_it_is_turned_upright_once(orientation: int) -> None:
    assert difference(turned(orientation), SPEC) < 0.6


@pytest.mark.parametrize("size", [(672, 672), (673, 2000), (5001, 675), (1000, 751), (2999, 2689)])
def test_the_pixels_are_those_of_the_full_picture(size: tuple[int, int]) -> None:
    assert difference(jpeg(size, subsampling=0), SPEC) < 0.6


@pytest.mark.parametrize("spec", [PixelSpec(64, "squash"), PixelSpec(64, "shortest", "bilinear")])
@pytest.mark.parametrize("size", [(1000, 751), (751, 1000)])
def test_so_they_are_for_every_kind_of_model(spec: PixelSpec, size: tuple[int, int]) -> None:
    assert difference(jpeg(size), spec) < 0.6


@pytest.mark.parametrize(
    "odd",
    [
        b"",
        b"Dear all,",
        jpeg(mode="CMYK"),
        jpeg(keep_rgb=True),
        jpeg((6000, 700)),
        jpeg((671, 671)),
        jpeg()[:30],
        jpeg()[:-700],
        jpeg().replace(b"\xff\xc0", b"\xff\xc3"),
    ],
    ids=["empty", "letter", "cmyk", "rgb", "panorama", "small", "header cut", "cut", "lossless"],
)
def test_what_is_odd_is_left_to_others_and_the_rest_is_not(odd: bytes) -> None:
    found, places = DeviceDecoder(SPEC, pillow_decode).decode([jpeg(), odd, turned(6), odd])
    assert places == [0, 2]
    assert np.abs(found[1].numpy().astype(float) - elsewhere(turned(6), SPEC)).mean() < 0.6


def test_a_picture_too_large_is_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_header(0, jpeg(), LEAST) is not None
    monkeypatch.setattr(device_decode, "LARGEST", AREA - 1)
    assert read_header(0, jpeg(), LEAST) is None


def test_nothing_can_be_decoded() -> None:
    found, places = DeviceDecoder(SPEC, pillow_decode).decode([b"Dear all,"])
    assert (found.shape, places) == ((0, 64, 64, 3), [])


def test_broken_exif_does_not_cost_the_photo() -> None:
    data = jpeg(exif=b"Exif\0\0MM\0*\0\0\xff\xff broken")
    photo = read_header(3, data, LEAST)
    assert photo is not None
    assert (photo.place, photo.orientation) == (3, 1)


def test_groups_are_bounded_by_pixels() -> None:
    groups: list[int] = []

    def decode(files: list[torch.Tensor]) -> list[torch.Tensor]:
        groups.append(len(files))
        return pillow_decode(files)

    decoder = DeviceDecoder(SPEC, decode)
    decoder.pixels_at_once = 2 * AREA
    assert decoder.decode([jpeg()] * 5 + [jpeg((1500, 1000))] + [jpeg()])[1] == list(range(7))
    assert groups == [2, 2, 1, 1, 1]


def test_what_is_too_much_is_halved_from_then_on() -> None:
    sizes: list[int] = []

    def decode(files: list[torch.Tensor]) -> list[torch.Tensor]:
        sizes.append(len(files))
        if len(files) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return pillow_decode(files)

    decoder = DeviceDecoder(SPEC, decode)
    decoder.pixels_at_once = 8 * AREA
    assert decoder.decode([jpeg()] * 8)[1] == list(range(8))
    assert sizes == [8, 4, 2, 2, 4, 2, 2]
    assert decoder.pixels_at_once <= 2 * AREA
    sizes.clear()
    decoder.decode([jpeg()] * 4)
    assert 4 not in sizes


def test_a_photo_too_large_for_the_memory_is_left_to_others() -> None:
    def decode(files: list[torch.Tensor]) -> list[torch.Tensor]:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    assert DeviceDecoder(SPEC, decode).decode([jpeg()] * 2)[1] == []


def test_a_device_that_has_failed_is_told_of() -> None:
    def decode(files: list[torch.Tensor]) -> list[torch.Tensor]:
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    with pytest.raises(RuntimeError, match="illegal memory access"):
        DeviceDecoder(SPEC, decode).decode([jpeg()] * 2)


def test_torchvisions_decoder() -> None:
    try:
        torchvision_decode([torch.from_numpy(np.frombuffer(bytearray(jpeg()), np.uint8))])
    except RuntimeError as error:
        pytest.skip(f"torchvision's operators do not load here: {error}")
    for data in probe_files():
        assert difference(data, PixelSpec(224), torchvision_decode) < 0.6
    whole, damaged = jpeg(), jpeg()[:-700]
    assert DeviceDecoder(SPEC, torchvision_decode).decode([whole, damaged, whole])[1] == [0, 2]


# --- through a model


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> TorchEncoder:
    """On a CPU that decodes."""
    monkeypatch.setitem(DECODERS, "cpu", lambda device: pillow_decode)
    return small_encoder()


def small_encoder() -> TorchEncoder:
    config = SMALL["vit"]
    return TorchEncoder(random_model(config), config, "key", [PLAIN])


def test_vectors_are_those_of_the_decode_processes(encoder: TorchEncoder) -> None:
    files = [jpeg((1200, 900)), b"Dear all,", turned(8)]
    vectors, places = encoder.encode_jpegs(files)
    assert (places, vectors.dtype, vectors.shape) == ([0, 2], np.float32, (2, encoder.dim))
    expected = encoder.encode_pixels(np.stack([elsewhere(files[i], encoder.pixel_spec) for i in places]))
    assert (vectors * expected).sum(axis=1).min() > 0.999
    assert encoder.takes_jpegs
    assert encoder.description == "small-vit on CPU, float32"


def test_a_cpu_takes_none() -> None:
    encoder = small_encoder()
    assert not encoder.takes_jpegs
    assert encoder.encode_jpegs([jpeg()])[1] == []


def upside_down(files: list[torch.Tensor]) -> list[torch.Tensor]:
    return [255 - picture.flip(1) for picture in pillow_decode(files)]


def no_grey(files: list[torch.Tensor]) -> list[torch.Tensor]:
    if any((picture[0] == picture[1]).all() for picture in pillow_decode(files)):
        raise RuntimeError("Failed to decode batch: 8")
    return pillow_decode(files)


def missing(device: torch.device) -> Decode:
    raise ImportError("No module named 'torchvision'")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda device: upside_down, "decoding JPEG files on CPU gave other results"),
        (lambda device: no_grey, "decoding JPEG files on CPU gave other results"),
        (missing, "decoding JPEG files on CPU failed: No module named 'torchvision'"),
    ],
)
def test_a_decoder_that_differs_or_fails_stays_off_and_it_is_said(make, said, monkeypatch) -> None:
    monkeypatch.setitem(DECODERS, "cpu", make)
    encoder = small_encoder()
    assert encoder.takes_jpegs  # not tried yet
    assert encoder.encode_jpegs([jpeg()])[1] == []
    assert not encoder.takes_jpegs
    assert encoder.encode_jpegs([jpeg()])[1] == []
    assert encoder.description == f"small-vit on CPU, float32 ({said})"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_cuda() -> None:
    config = SMALL["vit"]
    encoder = TorchEncoder(random_model(config), config, "key")
    files = [jpeg((4000, 3000)), jpeg(mode="CMYK"), turned(6), jpeg()[:-700], turned(3, (3000, 2000))]
    vectors, places = encoder.encode_jpegs(files)
    assert encoder.takes_jpegs, encoder.description
    assert {0, 2, 4} <= set(places)
    assert 1 not in places
    expected = encoder.encode_pixels(np.stack([elsewhere(files[i], encoder.pixel_spec) for i in places]))
    whole = [
        row for row, place in enumerate(places) if place != 3
    ]  # of a damaged one there is no right result
    assert (vectors * expected).sum(axis=1)[whole].min() >= 0.999
