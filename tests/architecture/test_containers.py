"""compose.yaml without an engine: known settings, real commands, ports that agree, secrets from the .env file only."""

import re
from pathlib import Path

import typer
import yaml

from kit.embedded import EmbeddedPostgres
from scripts.cli import app
from scripts.commands.settings import known_variables, new_secrets

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
OURS = {name: each for name, each in SERVICES.items() if each.get("image") == "ombilin"}
WANTED = re.compile(r"\$\{(\w+):\?\}")
EXAM, RECRUITMENT = SERVICES["exam"], SERVICES["recruitment"]


def variables(text: str) -> set[str]:
    return set(re.findall(r"^(\w+)=", text, re.MULTILINE))


def test_every_variable_is_a_known_setting():
    named = {name for each in OURS.values() for name in each["environment"]}
    assert named <= known_variables()


def test_each_process_of_the_architecture_has_a_container():
    commands = {tuple(each["command"]) for each in OURS.values()}
    assert {("ombilin", "serve"), ("ombilin", "worker", "vision"), ("ombilin", "recruitment", "serve")} <= commands


def test_every_command_exists():
    for each in OURS.values():
        command = typer.main.get_command(app)
        assert each["command"][0] == "ombilin"
        for word in each["command"][1:]:
            command = command.commands[word]


def test_secrets_come_from_the_env_file_that_is_explained_and_ignored():
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    example = variables((ROOT / ".env.example").read_text(encoding="utf-8"))
    assert set(WANTED.findall(text)) == example == variables(new_secrets())
    assert "${" not in WANTED.sub("", text)
    assert ".env" in (ROOT / ".gitignore").read_text().split()
    assert ".env" in (ROOT / ".dockerignore").read_text().split()


def test_the_products_share_no_secret_and_no_role():
    for name, each in OURS.items():
        given = " ".join(map(str, each["environment"].values()))
        assert ("RECRUITMENT_DATABASE_PASSWORD" in given) == name.startswith("recruitment")
        assert ("OMBILIN_SIGNING_KEY" in given) == (not name.startswith("recruitment"))


def test_health_checks_ask_readyz_on_the_port_that_is_served():
    for service, prefix in ((EXAM, "OMBILIN_"), (RECRUITMENT, "OMBILIN_RECRUITMENT_")):
        port = service["environment"][f"{prefix}PORT"]
        assert f"127.0.0.1:{port}/readyz" in " ".join(service["healthcheck"]["test"])
        assert service["environment"][f"{prefix}HOST"] == "0.0.0.0"
    caddyfile = COMPOSE["configs"]["caddyfile"]["content"]
    assert f"exam:{EXAM['environment']['OMBILIN_PORT']}" in caddyfile
    assert f"recruitment:{RECRUITMENT['environment']['OMBILIN_RECRUITMENT_PORT']}" in caddyfile


def test_who_is_waited_for_exists_and_has_a_health_check():
    for each in SERVICES.values():
        for other, condition in each.get("depends_on", {}).items():
            assert other in SERVICES
            if condition["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other]


def test_files_that_are_mounted_or_copied_exist():
    mounts = [mount for each in SERVICES.values() for mount in each.get("volumes", []) if mount.startswith("./")]
    assert mounts
    for mount in mounts:
        assert (ROOT / mount.split(":")[0]).is_file()
    copied = re.findall(r"^COPY (?!--from)(\S+)", (ROOT / "Containerfile").read_text(), re.MULTILINE)
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_roles_get_their_passwords(tmp_path):
    """The statements of passwords.sh run after roles.sql in a real server."""
    script = (ROOT / "scripts" / "sql" / "passwords.sh").read_text()
    statements = re.search(r"<<'SQL'\n(.*)SQL\n", script, re.DOTALL)
    assert statements
    server = EmbeddedPostgres(tmp_path, durable=False)
    try:
        server.start()
        server.run_sql((ROOT / "scripts" / "sql" / "roles.sql").read_text())
        server.run_sql("\\set exam one\n\\set recruitment two\n" + statements[1])
        kept = "select count(*) from pg_authid where rolname like 'ombilin_%' and rolpassword like 'SCRAM%'"
        assert server.run_sql(kept).strip() == "2"
    finally:
        server.erase()
