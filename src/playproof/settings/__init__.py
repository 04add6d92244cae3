"""What an operator may decide: one table, read once."""

from playproof.settings.kinds import ApiKey, Secret
from playproof.settings.load import Reading, load_settings, read_settings, secrets_of
from playproof.settings.row import Setting
from playproof.settings.table import SETTINGS, Settings

__all__ = ["SETTINGS", "ApiKey", "Reading", "Secret", "Setting", "Settings", "load_settings", "read_settings", "secrets_of"]
