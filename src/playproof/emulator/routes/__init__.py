"""The routes of the API, under the names that the official SDK gives them, and the emulator's own."""
