"""The members that every bundle's folder holds, besides one a target, and the number of what they hold."""

FORMAT = 3
MANIFEST = "manifest.json"
CANARIES = "canaries.json"
STANDINGS = "standings.json"
REPORT = "report.json"
REPORT_PAGE = "report.html"
