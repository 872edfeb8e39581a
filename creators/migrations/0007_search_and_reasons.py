"""Part-of-a-word search over a million creators, and the first reasons of the managed list."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations

TRIGRAMS = "CREATE INDEX creator_searched ON creators_creator USING gin (searched gin_trgm_ops)"
# Without its triggers, which are guards: a migration that rebuilds creators_creator would drop them.
FTS = (
    """CREATE VIRTUAL TABLE creators_search USING fts5(
         searched, content='creators_creator', content_rowid='id', tokenize='trigram')""",
    "INSERT INTO creators_search(creators_search) VALUES ('rebuild')",
)
REASONS = (
    ("reject", "Your videos don't fit the rules for brand safety.", "Vos vidéos ne respectent pas les règles de sécurité des marques."),
    ("reject", "Much of what you publish is not your own work.", "Une grande partie de ce que vous publiez n’est pas votre propre travail."),
    ("reject", "Your followers or views don't come from people.", "Vos abonnés ou vos vues ne proviennent pas de personnes."),
    ("reject", "You already take part with another account.", "Vous participez déjà avec un autre compte."),
    ("ask", "Please tell us your date of birth and your country.", "Merci de nous indiquer votre date de naissance et votre pays."),
    ("ask", "Please show that the account is yours.", "Merci de montrer que ce compte est le vôtre."),
    ("ask", "Please tell us where your newest videos were made.", "Merci de nous dire où vos dernières vidéos ont été tournées."),
    ("suspend", "A video of yours broke the rules for brand safety.", "Une de vos vidéos a enfreint les règles de sécurité des marques."),
    ("suspend", "We look into views that don't seem to come from people.", "Nous examinons des vues qui ne semblent pas provenir de personnes."),
    ("suspend", "You no longer meet the rules of the programme.", "Vous ne remplissez plus les règles du programme."),
    ("approve", "You reach an audience that our advertisers look for.", "Vous touchez un public que recherchent nos annonceurs."),
    ("reinstate", "What we looked into has been cleared up.", "Ce que nous examinions est éclairci."),
    ("withdraw", "You asked to leave the programme.", "Vous avez demandé à quitter le programme."),
    ("reopen", "You told us something new.", "Vous nous avez appris quelque chose de nouveau."),
)  # fmt: skip


def make_searchable(apps, schema_editor):
    for statement in (TRIGRAMS,) if schema_editor.connection.vendor == "postgresql" else FTS:
        schema_editor.execute(statement)


def undo_searchable(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX creator_searched")
    else:
        schema_editor.execute("DROP TABLE creators_search")


def add_reasons(apps, schema_editor):
    reasons = apps.get_model("creators", "DecisionReason").objects
    for position, (action, english, french) in enumerate(REASONS):
        reasons.create(action=action, text_en=english, text_fr=french, position=position)


class Migration(migrations.Migration):
    dependencies = [("creators", "0006_desk")]

    operations = [
        TrigramExtension(),
        migrations.RunPython(make_searchable, undo_searchable),
        migrations.RunPython(add_reasons, migrations.RunPython.noop),
    ]
