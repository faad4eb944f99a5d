"""Tests of the rehearsal worker, its judge and its play."""
