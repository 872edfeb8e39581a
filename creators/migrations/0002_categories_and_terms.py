"""Seed the twelve categories and version 1 of the programme's terms."""

import datetime

from django.db import migrations

CATEGORIES = [
    ("beauty-personal-care", "Beauty & personal care", "Beauté et soins", "beauty makeup skincare hair nails cosmetics haircare perfume grwm cutebeuty"),
    ("fashion", "Fashion", "Mode", "fashion ootd style outfit streetwear sneakers model fashiontiktok thrift"),
    ("food-cooking", "Food & cooking", "Cuisine", "food cooking recipe foodie chef baking cook dessert cznburak foodtiktok mukbang"),
    ("gaming", "Gaming", "Jeux vidéo", "gaming gamer minecraft fortnite roblox game videogames twitch esports amongus"),
    ("automotive", "Automotive", "Automobile", "cars car automotive supercar motorcycle bike driving jdm tesla"),
    ("sports", "Sports", "Sports", "sports football soccer basketball bmx skateboard nba nfl cricket surf tennis"),
    ("books-education", "Books & education", "Livres et savoirs", "books booktok education edutok learn learnontiktok science history edutoklifetips edutokmotivation teacher"),
    ("pets", "Pets", "Animaux", "pets dog cat puppy kitten dogsoftiktok catsoftiktok animals pet"),
    ("film-tv", "Film & TV", "Cinéma et télé", "film movie movies tv series netflix marvel anime disney cinema joker"),
    ("health-fitness", "Health & fitness", "Santé et forme", "health fitness workout gym yoga wellness commando_fitness training fitnessmotivation"),
    ("travel", "Travel", "Voyage", "travel traveling vacation explore wanderlust roadtrip traveltiktok adventure"),
    ("music-dance", "Music & dance", "Musique et danse", "music dance song singing choreography dancer punjabisong danceindia bts singer rap"),
]  # fmt: skip
DECAY = [
    1000, 905, 820, 742, 672, 609, 552, 500, 452, 410, 371, 336, 304, 276, 250, 226,
    205, 185, 168, 152, 138, 125, 113, 102, 92, 84, 76, 69, 62, 56, 51,
]  # fmt: skip


def seed(apps, schema_editor):
    apps.get_model("creators", "Category").objects.bulk_create(
        apps.get_model("creators", "Category")(
            slug=slug, name_en=english, name_fr=french, hashtags=hashtags.split(), position=position
        )
        for position, (slug, english, french, hashtags) in enumerate(CATEGORIES, start=1)
    )
    apps.get_model("creators", "ProgrammeTerms").objects.create(
        version=1, starts_on=datetime.date(2020, 1, 1), decay_permille=DECAY, approved=True
    )


class Migration(migrations.Migration):
    dependencies = [("creators", "0001_initial")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
