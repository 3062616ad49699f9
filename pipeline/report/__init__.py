"""The page that people read about a model: everything on it comes from the numbers of ``report.json``."""

from pipeline.report.figures import figures_of
from pipeline.report.page import html_page

__all__ = ["figures_of", "html_page"]
