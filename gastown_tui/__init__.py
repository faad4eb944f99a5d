"""Gas Town as one program: the version, and nothing imported."""

__version__ = "0.1.0"
