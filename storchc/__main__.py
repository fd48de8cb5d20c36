"""``python -m storchc`` is the command ``storchc``."""

from storchc.commands.main import main

main()
