"""What is asked of the dev pictures, and which of them show it.

Every class name of the sets is a question, as people would type it; so are kinds of which several classes
are, and what the captions of Flickr8k speak of. None was chosen, left out or reworded for its figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

TYPED = {
    "airplanes": "airplane",
    "alp": "mountain",
    "American alligator": "alligator",
    "American lobster": "lobster",
    "Arabian camel": "camel",
    "African elephant": "elephant",
    "bannister": "banister",
    "bass": "bass fish",
    "bighorn": "bighorn sheep",
    "binocular": "binoculars",
    "black widow": "black widow spider",
    "brass": "brass plaque",
    "car side": "car",
    "cougar body": "cougar",
    "cougar face": "cougar",
    "crane": "crane bird",
    "crocodile head": "crocodile",
    "flamingo head": "flamingo",
    "garfield": "Garfield",
    "gasmask": "gas mask",
    "headphone": "headphones",
    "ice lolly": "popsicle",
    "inline skate": "inline skates",
    "jinrikisha": "rickshaw",
    "ketch": "sailing boat",
    "lakeside": "lake",
    "leopards": "leopard",
    "lesser panda": "red panda",
    "monarch": "monarch butterfly",
    "pay-phone": "pay phone",
    "pop bottle": "soda bottle",
    "projectile": "missile",
    "rhino": "rhinoceros",
    "roses": "rose",
    "schooner": "sailing boat",
    "snoopy": "Snoopy",
    "spiny lobster": "lobster",
    "standard poodle": "poodle",
    "steel arch bridge": "steel bridge",
    "sunflowers": "sunflower",
    "tabby": "tabby cat",
    "teddy": "teddy bear",
    "tulips": "tulip",
    "walking stick": "stick insect",
    "water lilly": "water lily",
    "windsor chair": "chair",
}
"""Class names that people would type otherwise. Classes with one and the same question are one answer."""

NOT_ASKED = frozenset({"face of a person", "close-up face of a person"})
"""Faces are in all sets, and no caption or class of the others says so."""

ALSO = {
    "bear": ("brown bear", "panda"),
    "bird": (
        *("albatross", "black stork", "crane", "emu", "flamingo", "flamingo head", "goose", "ibis"),
        *("king penguin", "pigeon", "rooster"),
    ),
    "boat": ("ferry", "gondola", "ketch", "lifeboat", "schooner"),
    "bridge": ("steel arch bridge", "suspension bridge", "viaduct"),
    "butterfly": ("monarch", "sulphur butterfly"),
    "car": ("beach wagon", "convertible", "limousine", "police van", "sports car"),
    "cat": ("Egyptian cat", "Persian cat", "tabby"),
    "chair": ("rocking chair",),
    "dog": (
        *("Chihuahua", "dalmatian", "German shepherd", "golden retriever", "Labrador retriever"),
        *("standard poodle", "Yorkshire terrier"),
    ),
    "flower": ("daisy", "dandelion", "lotus", "roses", "sunflower", "sunflowers", "tulips", "water lilly"),
    "frog": ("bullfrog", "tailed frog"),
    "fruit": ("banana", "lemon", "orange", "pomegranate", "strawberry"),
    "guitar": ("electric guitar",),
    "insect": (
        *("ant", "bee", "butterfly", "cockroach", "dragonfly", "fly", "grasshopper", "ladybug", "mantis"),
        *("mayfly", "monarch", "sulphur butterfly", "walking stick"),
    ),
    "monkey": ("baboon",),
    "musical instrument": (
        *("accordion", "electric guitar", "euphonium", "grand piano", "mandolin", "oboe", "organ"),
        *("saxophone",),
    ),
    "piano": ("grand piano",),
    "bus": ("school bus", "trolleybus"),
    "ball": ("basketball", "rugby ball", "soccer ball", "volleyball"),
    "spider": ("black widow", "tarantula"),
    "train": ("bullet train", "freight car"),
    "vegetables": ("bell pepper", "cauliflower"),
}
"""Kinds, with the classes that are of them; where a class has the same question, the further ones."""

SAID = {
    "bicycle": r"bicycles?|bikes?|biker|bicyclist|cyclist",
    "skateboarding": r"skateboard\w*",
    "snow": r"snow\w*",
    "beach": r"beach|shore|seashore",
    "swimming pool": r"pool",
    "playing baseball": r"baseball",
    "surfing": r"surf\w*|wave",
    "children's swing": r"swings?|swinging",
    "playground slide": r"slides?",
    "wedding": r"wedding|bride",
    "horse": r"horses?",
    "parade": r"parade",
    "rock climbing": r"climb\w*",
    "graffiti": r"graffiti",
    "playing soccer": r"soccer",
    "car": r"cars?",
    "dog": r"dogs?|puppy|puppies",
    "boat": r"boats?|canoe|kayak\w*|raft\w*",
    "bird": r"birds?|seagulls?|pigeons?",
    "ball": r"balls?|baseball|football|basketball|soccer",
    "flower": r"flowers?",
    "bench": r"bench(es)?",
    "motorbike": r"motorcycles?|motorbikes?",
}
"""What captions speak of: the words, and those that may mean it."""

SHOWN_IN = {
    "beach": ("seashore",),
    "bench": (),
    "playing soccer": ("soccer ball",),
    "snow": ("alp",),
}
"""Classes whose pictures may show it too and are not counted in either way."""

ABSENT: dict[str, str | None] = {
    **dict.fromkeys(
        (
            *("a submarine", "an astronaut", "a volcano", "a zebra", "a giraffe", "a windmill", "an igloo"),
            *("a microscope", "a stethoscope", "a toothbrush", "a harp", "sushi", "a hamburger"),
            *(
                "a pineapple",
                "a watermelon",
                "a peacock",
                "a squirrel",
                "a hippopotamus",
                "a shark",
                "an owl",
            ),
            *("a parrot", "a tiger", "a fox", "a rabbit", "a passport", "a toilet", "an excavator"),
            *("a snowman", "fireworks", "a tornado", "a typewriter", "a printer", "an ambulance"),
        )
    ),
    "a diamond ring": "diamonds?",
    "a beehive": "(bee)?hives?",
    "a hair dryer": "dryers?",
    "a microwave oven": "microwaves?|ovens?",
    "a space shuttle": "shuttles?|rockets?",
    "a stained glass window": "stained",
    "a traffic light": "traffic lights?",
    "a vacuum cleaner": "vacuums?",
    "a washing machine": "washing machines?|washers?",
    "a world map": "maps?",
    "an Egyptian mummy": "mumm(y|ies)",
    "an x-ray of a hand": "x-?rays?",
    "bowling pins": "bowling",
    "chess pieces": "chess",
    "northern lights": "aurora|northern lights",
    "playing cards": "(playing )?cards",
    "the Eiffel Tower": "eiffel",
}
"""Fifty things that nobody photographed for these sets, of all kinds: some far from anything in them and some
near (a tiger beside lions). With the words that would tell of one, where those of the text would not."""

_LEAST_CAPTIONS = 2


@dataclass(frozen=True)
class Labelled:
    """One dev picture: the set's key, and its class name or its captions."""

    key: str
    texts: tuple[str, ...]

    @property
    def class_name(self) -> str | None:
        return None if self.key == "flickr8k" else self.texts[0]


@dataclass(frozen=True)
class Question:
    """What is typed, with the pictures that show it and those that may; numbers of pictures."""

    text: str
    right: frozenset[int]
    unsure: frozenset[int]
    keys: frozenset[str]  # the sets the right ones are of


def questions(pictures: Sequence[Labelled]) -> list[Question]:
    """Every question of which a picture is right, sorted by its text."""
    names = {name for picture in pictures if (name := picture.class_name) is not None} - NOT_ASKED
    classes: dict[str, set[str]] = {text: set() for text in (*ALSO, *SAID)}
    for name in names:
        classes.setdefault(typed(name), set()).add(name)
    for text, further in ALSO.items():
        classes[text].update(further)
    asked = [_question(text, classes[text], pictures) for text in sorted(classes)]
    return [question for question in asked if question.right]


def typed(name: str) -> str:
    """A class name as people would type it."""
    return TYPED.get(name, name)


def _question(text: str, classes: set[str], pictures: Sequence[Labelled]) -> Question:
    words = re.compile(rf"\b({SAID.get(text) or _forms(text)})\b", re.IGNORECASE)
    right, unsure = set(), set()
    for number, picture in enumerate(pictures):
        name = picture.class_name
        if name is not None:
            if name in classes:
                right.add(number)
            elif name in SHOWN_IN.get(text, ()) or _one_says_the_other(words, name):
                unsure.add(number)
            continue
        said = sum(words.search(caption) is not None for caption in picture.texts)
        if said >= _LEAST_CAPTIONS and text in SAID:
            right.add(number)
        elif said:
            unsure.add(number)
    keys = frozenset(pictures[number].key.removesuffix("-0").removesuffix("-1") for number in right)
    return Question(text, frozenset(right), frozenset(unsure), keys)


def _one_says_the_other(words: re.Pattern[str], name: str) -> bool:
    """Whether a class that is not of the question has its words in its name: a `cougar face` and a `face`."""
    return words.search(name) is not None


def _forms(text: str) -> str:
    return rf"{re.escape(text)}(s|es)?"


def found_after_all(pictures: Iterable[Labelled]) -> list[str]:
    """Those of `ABSENT` that a class name or a caption speaks of: none, or the list is wrong."""
    said = "\n".join(text for picture in pictures for text in picture.texts)
    telling = {text: words or _forms(text.split(maxsplit=1)[-1]) for text, words in ABSENT.items()}
    return [text for text, words in telling.items() if re.search(rf"\b({words})\b", said, re.IGNORECASE)]
