"""From the typed graph to Python source."""

from storchc.backend.module import generate as generate
