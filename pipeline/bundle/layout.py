"""The members that every bundle's folder holds, besides one a target, and the number of this layout."""

FORMAT = 1
MANIFEST = "manifest.json"
CANARIES = "canaries.json"
REPORT = "report.json"
REPORT_PAGE = "report.html"
