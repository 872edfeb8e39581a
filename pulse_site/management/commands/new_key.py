from typing import Any

from cryptography.fernet import Fernet

from pulse_site.commands import PulseCommand


class Command(PulseCommand):
    help = "Print a new key for ENCRYPTION_KEYS; put it before the others there."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(Fernet.generate_key().decode())
