"""What the extra sets' folders are called in everyday words; the first name is the usual one."""

from __future__ import annotations

Names = dict[str, tuple[str, ...]]

SPORTS: Names = {
    "football": ("soccer", "football match", "soccer players on a field"),
    "formula1": ("formula one race car", "racing car", "car race"),
    "motogp": ("motorcycle race", "motorcycle racer", "motorcycle"),
    "kabaddi": ("kabaddi", "wrestling game"),
    "wwe": ("professional wrestling", "wrestlers in a ring"),
    "shooting": ("shooting sport", "person aiming a gun"),
    "hockey": ("field hockey",),
    "swimming": ("swimming", "swimmer in a pool"),
    "weight_lifting": ("weight lifting", "weightlifter"),
    "chess": ("chess", "chess board"),
    "basketball": ("basketball", "basketball players"),
    "tennis": ("tennis", "tennis player"),
    "boxing": ("boxing", "boxers in a ring"),
}
SEA: Names = {
    "Jelly Fish": ("jellyfish",),
    "Sharks": ("shark",),
    "Crabs": ("crab",),
    "Corals": ("coral", "coral reef"),
    "Clams": ("clam",),
    "Puffers": ("pufferfish",),
    "Sea Rays": ("stingray", "sea ray"),
    "Sea Urchins": ("sea urchin",),
    "Nudibranchs": ("nudibranch", "sea slug"),
    "Turtle_Tortoise": ("sea turtle", "turtle"),
    "Whale": ("whale",),
    "Seal": ("seal",),
    "Starfish": ("starfish",),
}
INSTRUMENTS: Names = {
    "acordian": ("accordion",),
    "marakas": ("maracas",),
    "saxaphone": ("saxophone",),
    "casaba": ("cabasa",),
    "drums": ("drum kit", "drums"),
    "Didgeridoo": ("didgeridoo",),
    "Xylophone": ("xylophone",),
    "Tambourine": ("tambourine",),
}
SPACE: Names = {
    "spiral": ("galaxy", "spiral galaxy", "galaxies in space", "stars in the night sky"),
    "elliptical": ("galaxy", "elliptical galaxy", "distant galaxies", "stars in space"),
    "moon": ("the moon", "full moon", "surface of the moon"),
    "earth": ("planet earth", "earth from space"),
    "asteroids": ("asteroid", "asteroids in space"),
    "mars": ("planet mars",),
    "venus": ("planet venus",),
    "jupiter": ("planet jupiter",),
    "saturn": ("planet saturn", "rings of saturn"),
    "uranus": ("planet uranus",),
    "neptune": ("planet neptune",),
    "pluto": ("dwarf planet pluto",),
    "mercury": ("planet mercury",),
}
CLOTHES: Names = {
    "longsleeve": ("long sleeve shirt",),
    "outwear": ("jacket", "coat", "outerwear"),
    "pants": ("trousers", "pants", "jeans"),
    "t-shirt": ("t-shirt",),
    "shoes": ("shoes", "sneakers"),
}
TRASH: Names = {
    "cardboard": ("cardboard", "cardboard box"),
    "glass": ("glass bottle", "glass"),
    "metal": ("metal can", "tin can"),
    "paper": ("paper", "sheet of paper", "page of text"),
    "plastic": ("plastic bottle", "plastic"),
    "trash": ("trash", "garbage"),
}
WEATHER: Names = {
    "cloudy": ("cloudy sky", "clouds"),
    "foggy": ("fog", "foggy day"),
    "rainy": ("rain", "rainy day"),
    "shine": ("sunny sky", "bright sunshine"),
    "sunrise": ("sunrise", "sunset", "sun over the horizon"),
}
HOUSES: Names = {
    "frontal": ("house", "house from the front"),
    "bathroom": ("bathroom",),
    "bedroom": ("bedroom",),
    "kitchen": ("kitchen",),
}
COINS: Names = dict.fromkeys(
    ("1c", "2c", "5c", "10c", "20c", "50c", "1e", "2e"),
    ("coin", "old coin", "coins", "euro coin", "round metal coin"),
)
GROCERIES: Names = {
    "Juice": ("juice carton", "orange juice"),
    "Milk": ("milk carton", "carton of milk"),
    "Yoghurt": ("yoghurt", "yogurt"),
    "Sour-Cream": ("sour cream",),
    "Sour-Milk": ("sour milk",),
    "Soyghurt": ("soy yoghurt",),
    "Oatghurt": ("oat yoghurt",),
    "Aubergine": ("aubergine", "eggplant"),
    "Pepper": ("bell pepper",),
}
SCENES: Names = {
    "shop": ("bakery", "bakery shop"),
    "sand": ("desert", "sand desert", "sand dunes"),
    "platform": ("subway station", "subway platform"),
    "east_asia": ("temple", "East Asian temple"),
    "football": ("stadium", "football stadium"),
    "kindergarden_classroom": ("kindergarten classroom",),
    "butchers_shop": ("butcher's shop",),
    "coast": ("coast", "seaside", "beach"),
    "yard": ("yard", "garden", "green lawn"),
    "golf_course": ("golf course", "green grass"),
    "campsite": ("campsite", "tent", "camping"),
    "runway": ("runway", "airport runway"),
    "highway": ("highway", "road"),
    "river": ("river",),
    "mountain": ("mountain", "mountains"),
    "valley": ("valley", "green valley"),
    "skyscraper": ("skyscraper", "skyscrapers in a city"),
    "swamp": ("swamp",),
    "railroad_track": ("railroad track", "railway"),
}
COLLAGES: Names = {
    "coins": ("coins", "old coins", "many coins"),
    "galaxies": ("galaxies in space", "deep space", "distant galaxies"),
    "moon": ("the moon", "surface of the moon", "craters on the moon"),
}
CATS_AND_DOGS: Names = {"Cat": ("cat", "kitten", "pet cat"), "Dog": ("dog", "puppy", "pet dog")}
INTEL: Names = {
    "buildings": ("buildings", "building"),
    "sea": ("sea", "ocean"),
    "street": ("street", "city street"),
}
