"""What `deploy/` ships for containers: pinned packages, the image, compose, Kubernetes.

nginx and several processes are tested in `tests/browser/test_deploy.py`.
"""

import json
import re
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from packaging.requirements import Requirement

from tests.test_rooms import SHARED, TOP, files, imports

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
IGNORED = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
MANIFESTS: dict[str, Any] = {
    manifest["kind"]: manifest
    for manifest in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text("utf-8"))
}
HEALTH_PATH = "/_stcore/health"


def pinned() -> dict[str, tuple[str, list[str]]]:
    """The version and the hashes of each package in the lock file."""
    lock = (DEPLOY / "requirements.lock").read_text("utf-8")
    entries = re.split(r"\n(?=\S)", re.sub(r"(?m)^#.*\n", "", lock).rstrip())
    found = {}
    for entry in entries:
        match = re.fullmatch(r"(\S+)==(\S+)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)", entry)
        assert match, f"not pinned with a hash: {entry}"
        found[match[1]] = match[2], re.findall(r"sha256:\w+", match[3])
    return found


def container() -> dict[str, Any]:
    """The container of the Deployment."""
    (found,) = MANIFESTS["Deployment"]["spec"]["template"]["spec"]["containers"]
    return dict(found)


def test_lock() -> None:
    """The lock file has what requirements.txt asks for, each package with its hashes.

    If it does not: `make lock`.
    """
    locked = pinned()
    for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines():
        wanted = Requirement(line.split("#")[0])
        version, _ = locked[wanted.name.lower()]
        assert version in wanted.specifier


def test_image_has_what_the_app_imports() -> None:
    """The Dockerfile copies each part of the app, past the ignore file, and nothing private."""
    copied = {
        name for names in re.findall(r"(?m)^COPY (.+) \S+$", DOCKERFILE) for name in names.split()
    }
    own = {"lib", "pages", "sandbox"}
    paths = [*SHARED, *TOP, *files("sandbox")]
    imported = {name.split(".")[0] for path in paths for name in imports(path)} & own
    assert copied >= {*imported, "pages", "streamlit_app.py", "static", ".streamlit/config.toml"}
    assert {line[1:] for line in IGNORED if line.startswith("!")} == copied
    assert "*" in IGNORED


def test_image() -> None:
    """The image installs by hash, runs as a numbered user, and says whether it is healthy."""
    assert "--require-hashes" in DOCKERFILE
    assert re.search(r"(?m)^USER [1-9]\d+$", DOCKERFILE)
    assert f"http://127.0.0.1:8501{HEALTH_PATH}" in DOCKERFILE


def test_compose() -> None:
    """Compose builds that image; nginx waits for it, and is told the addresses of a new one."""
    for name in ("app-1", "app-2"):
        assert (DEPLOY / COMPOSE["services"][name]["build"]["context"]).resolve() == ROOT
        assert (ROOT / COMPOSE["services"][name]["build"]["dockerfile"]).is_file()
        wait = COMPOSE["services"]["nginx"]["depends_on"][name]
        assert wait == {"condition": "service_healthy", "restart": True}


def test_manifests() -> None:
    """Each manifest is one of Kubernetes, without a field that it does not have."""
    schema = json.loads((ROOT / "tests" / "schemas" / "kubernetes.json").read_text("utf-8"))
    assert MANIFESTS.keys() == {"Deployment", "Service", "Ingress"}
    for kind, manifest in MANIFESTS.items():
        (definition,) = (name for name in schema["$defs"] if name.endswith(f".{kind}"))
        validator = Draft202012Validator({**schema, "$ref": f"#/$defs/{definition}"})
        assert [error.message for error in validator.iter_errors(manifest)] == []


def test_manifests_fit() -> None:
    """The Ingress leads to the Service, the Service to the container, and probes to the health check."""
    service, (port,) = MANIFESTS["Service"], MANIFESTS["Service"]["spec"]["ports"]
    (rule,) = MANIFESTS["Ingress"]["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert path["backend"]["service"] == {
        "name": service["metadata"]["name"],
        "port": {"name": port["name"]},
    }
    deployment = MANIFESTS["Deployment"]["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    assert service["spec"]["selector"] == deployment["selector"]["matchLabels"] == labels
    assert {port["targetPort"]: 8501} == {
        one["name"]: one["containerPort"] for one in container()["ports"]
    }
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container()[probe]["httpGet"] == {"path": HEALTH_PATH, "port": port["targetPort"]}


def test_environment_of_the_manifests() -> None:
    """The containers get the environment that those of compose get; the secret by reference."""
    environment = {one["name"]: one for one in container()["env"]}
    assert environment.keys() == COMPOSE["services"]["app-1"]["environment"].keys()
    assert "secretKeyRef" in environment["SIGN_IN_SECRET"]["valueFrom"]
    (host,) = (rule["host"] for rule in MANIFESTS["Ingress"]["spec"]["rules"])
    assert environment["STREAMLIT_SERVER_ALLOWED_HOSTS"]["value"] == host
    assert environment["STREAMLIT_CLIENT_ALLOWED_ORIGINS"]["value"] == f"https://{host}"


def test_affinity() -> None:
    """Both kinds of Ingress controllers route a browser to the process that has its session."""
    ingress = MANIFESTS["Ingress"]["metadata"]["annotations"]
    service = MANIFESTS["Service"]["metadata"]["annotations"]
    assert ingress["nginx.ingress.kubernetes.io/affinity"] == "cookie"
    assert service["traefik.ingress.kubernetes.io/service.sticky.cookie"] == "true"
