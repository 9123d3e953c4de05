"""What deploy/validate checks, once it has the programs for it."""

import argparse
import copy
import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import jsonschema
import kubernetes_validate
import yaml

# Megabytes, which it would read again for each object.
kubernetes_validate.utils.schema_contents = functools.cache(kubernetes_validate.utils.schema_contents)

ROOT = Path(__file__).resolve().parent.parent
OVERLAYS = ROOT / "deploy" / "overlays"

# What broker.proto says, for those that are no protobuf compilers; the build writes it.
CONTRACT = ROOT / "proto" / "target" / "raftbroker.protoset"

# Sidecars (deploy/envoy) are on by default since 1.29.
KUBERNETES = ("1.29", "1.37")

# Those that cluster.members lists.
FOUNDERS = 3

# A node ends itself so long after shutdown.timeout (docs/operations.md).
LAST_SECONDS = 10

# The operator's own schema is in no package that could be had: so this knows only what is used, and refuses all else.
LABELS = {"type": "object", "additionalProperties": {"type": "string"}}
POD_MONITOR = {
    "type": "object",
    "additionalProperties": False,
    "required": ["apiVersion", "kind", "metadata", "spec"],
    "properties": {
        "apiVersion": {"const": "monitoring.coreos.com/v1"},
        "kind": {"const": "PodMonitor"},
        "metadata": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name", "namespace"],
            "properties": {"name": {"type": "string"}, "namespace": {"type": "string"}, "labels": LABELS},
        },
        "spec": {
            "type": "object",
            "additionalProperties": False,
            "required": ["selector", "podMetricsEndpoints"],
            "properties": {
                "jobLabel": {"type": "string"},
                "selector": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["matchLabels"],
                    "properties": {"matchLabels": LABELS},
                },
                "podMetricsEndpoints": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["port", "path"],
                        "properties": {
                            "port": {"type": "string"},
                            "path": {"type": "string"},
                            "interval": {"type": "string", "pattern": "^[0-9]+(ms|s|m|h)$"},
                        },
                    },
                },
            },
        },
    },
}


class Manifests:
    """The objects that an overlay renders to, and what is often asked of them."""

    def __init__(self, objects):
        self.objects = objects
        # Of no object: for those who run Envoy in front of all nodes, with the other files of those beside them.
        self.front = {"front.yaml": (ROOT / "deploy" / "envoy" / "front.yaml").read_text()}

    def of(self, kind):
        return [o for o in self.objects if o["kind"] == kind]

    def one(self, kind, name=None):
        """By the name that it has without the hash of its content."""
        found = [
            o
            for o in self.of(kind)
            if name is None or re.fullmatch(re.escape(name) + "(-[a-z0-9]{10})?", o["metadata"]["name"])
        ]
        if len(found) != 1:
            raise LookupError(f"{len(found)} objects {kind} {name or ''}")
        return found[0]

    @property
    def stateful_set(self):
        return self.one("StatefulSet", "broker")

    @property
    def pod(self):
        return self.stateful_set["spec"]["template"]["spec"]

    @property
    def labels(self):
        return self.stateful_set["spec"]["template"]["metadata"]["labels"]

    @property
    def containers(self):
        return self.pod["containers"] + self.pod.get("initContainers", [])

    @property
    def broker(self):
        return named("broker", self.pod["containers"])

    @property
    def envoy(self):
        return next((c for c in self.containers if c["name"] == "envoy"), None)

    @property
    def ports(self):
        """Of all containers, by name."""
        return {p["name"]: p["containerPort"] for c in self.containers for p in c.get("ports", [])}

    @property
    def settings_file(self):
        return self.one("ConfigMap", "broker-config")["data"]["broker.yaml"]

    def environment(self, pod):
        """What Kubernetes makes of the broker's variables in this pod."""
        environment = {}
        for source in self.broker.get("envFrom", []):
            config_map = next(
                o for o in self.of("ConfigMap") if o["metadata"]["name"] == source["configMapRef"]["name"]
            )
            environment.update(config_map["data"])
        for variable in self.broker["env"]:
            origin = variable.get("valueFrom", {})
            if "secretKeyRef" in origin:
                value = "from-a-key-of-a-secret"
            elif "fieldRef" in origin:
                value = {"metadata.name": pod}[origin["fieldRef"]["fieldPath"]]
            else:
                # As Kubernetes does: only what came before is known.
                value = re.sub(
                    r"\$\((\w+)\)", lambda m: environment.get(m.group(1), m.group(0)), variable["value"]
                )
            environment[variable["name"]] = value
        return environment


class Server:
    """The broker, asked for what it makes of its settings; the same question once."""

    def __init__(self, program):
        self.program = program
        self.answers = {}

    def settings(self, manifests, pod):
        """Value by key; or a text, what it has against them."""
        environment = manifests.environment(pod)
        question = (manifests.settings_file, tuple(sorted(environment.items())))
        if question not in self.answers:
            self.answers[question] = self.ask(manifests.settings_file, environment)
        return self.answers[question]

    def ask(self, file, environment):
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "JAVA_HOME") if name in os.environ}
        # As in every pod; and nothing that takes long to begin with.
        own = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "BROKER_JAVA_OPTS": "-Xmx64m -XX:TieredStopAtLevel=1"}
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config:
            config.write(file)
            config.flush()
            answer = subprocess.run(
                [self.program, "--config", config.name, "--show-config"],
                env={**environment, **inherited, **own},
                capture_output=True,
                text=True,
                timeout=60,
            )
        if answer.returncode != 0:
            return (answer.stderr or answer.stdout).strip()
        lines = (line.partition("  # ")[0].partition(" = ") for line in answer.stdout.splitlines())
        return {key: value for key, _, value in lines}


def of_object(obj):
    return f"{obj['kind']} {obj['metadata']['name']}"


def schemas(manifests):
    for obj in manifests.objects:
        if obj["kind"] == "PodMonitor":
            for error in jsonschema.Draft202012Validator(POD_MONITOR).iter_errors(obj):
                yield f"{of_object(obj)}: {error.json_path}: {error.message}"
            continue
        for version in KUBERNETES:
            try:
                kubernetes_validate.validate(obj, version, strict=True)
            except kubernetes_validate.ValidationError as e:
                yield f"{of_object(obj)}, Kubernetes {version}: {e.json_path}: {e.message}"
            except kubernetes_validate.SchemaNotFoundError as e:
                yield e.message


def references(manifests):
    """Whatever one object calls another by is there."""
    here = {(o["kind"], o["metadata"]["name"]) for o in manifests.objects}
    manual = (ROOT / "docs" / "kubernetes.md").read_text()
    pod = manifests.pod
    claims = [c["metadata"]["name"] for c in manifests.stateful_set["spec"]["volumeClaimTemplates"]]
    volumes = {v["name"]: v for v in pod["volumes"]}
    wanted = [("ServiceAccount", pod["serviceAccountName"]), ("Service", manifests.stateful_set["spec"]["serviceName"])]
    secrets = []
    for volume in volumes.values():
        for source in [volume, *volume.get("projected", {}).get("sources", [])]:
            if "configMap" in source:
                wanted.append(("ConfigMap", source["configMap"]["name"]))
        if "secret" in volume:
            secrets.append(volume["secret"]["secretName"])
    for container in manifests.containers:
        wanted += [("ConfigMap", s["configMapRef"]["name"]) for s in container.get("envFrom", [])]
        for variable in container.get("env", []):
            if "secretKeyRef" in variable.get("valueFrom", {}):
                secrets.append(variable["valueFrom"]["secretKeyRef"]["name"])
        for mount in container.get("volumeMounts", []):
            if mount["name"] not in volumes and mount["name"] not in claims:
                yield f"container {container['name']} mounts {mount['name']}, which is no volume"
    for binding in manifests.of("RoleBinding"):
        wanted.append(("Role", binding["roleRef"]["name"]))
        wanted += [(s["kind"], s["name"]) for s in binding["subjects"]]
        for subject in binding["subjects"]:
            if subject.get("namespace") != binding["metadata"]["namespace"]:
                yield f"{of_object(binding)} is for an account of another namespace"
    for kind, name in wanted:
        if (kind, name) not in here:
            yield f"there is no {kind} {name}"
    for secret in secrets:
        if f"create secret generic {secret}" not in manual and f"create secret tls {secret}" not in manual:
            yield f"docs/kubernetes.md does not say how to make the Secret {secret}"
    for obj in manifests.of("Secret"):
        yield f"{of_object(obj)} is for those who run it to make"
    if len({o["metadata"]["namespace"] for o in manifests.objects}) != 1:
        yield "not all objects are in one namespace"


def selectors(manifests):
    """Everything that selects pods selects the nodes."""
    for obj in manifests.objects:
        spec = obj.get("spec", {})
        for selector in (spec.get("selector"), spec.get("podSelector")):
            if selector is None:
                continue
            labels = selector if obj["kind"] == "Service" else selector["matchLabels"]
            if not labels.items() <= manifests.labels.items():
                yield f"{of_object(obj)} selects {labels}, the nodes are {manifests.labels}"
    affinity = manifests.pod.get("affinity", {}).get("podAntiAffinity", {})
    terms = affinity.get("requiredDuringSchedulingIgnoredDuringExecution", [])
    for term in terms + manifests.pod["topologySpreadConstraints"]:
        if term["labelSelector"]["matchLabels"] != manifests.labels:
            yield f"pods are kept apart by {term['labelSelector']}, the nodes are {manifests.labels}"


def ports(manifests):
    """Every port that something is sent to is one of a container."""
    known = manifests.ports
    asked = []
    for service in manifests.of("Service"):
        for port in service["spec"]["ports"]:
            asked.append((of_object(service), port["targetPort"]))
            number = known.get(port["targetPort"], port["targetPort"])
            if port["port"] != number:
                yield f"{of_object(service)} has port {port['port']} for {number}; one number for one thing"
    for policy in manifests.of("NetworkPolicy"):
        for rule in policy["spec"]["ingress"]:
            asked += [(of_object(policy), p["port"]) for p in rule["ports"]]
    for monitor in manifests.of("PodMonitor"):
        asked += [(of_object(monitor), e["port"]) for e in monitor["spec"]["podMetricsEndpoints"]]
    for container in manifests.containers:
        for name, probe in probes(container):
            action = probe.get("httpGet") or probe.get("tcpSocket")
            asked.append((f"{name} of {container['name']}", action["port"]))
    for who, port in asked:
        if port not in known and port not in known.values():
            yield f"{who} goes to port {port}, which no container has"
    if len(set(known.values())) != len(known):
        yield f"two containers have the same port: {known}"


def probes(container):
    return [(name, container[name]) for name in ("startupProbe", "readinessProbe", "livenessProbe") if name in container]


def paths(manifests):
    """What is asked by HTTP is what the node answers, and restarts do not depend on whether it is ready."""
    source = (ROOT / "broker-server/src/main/java/org/raftbroker/server/http/HttpFront.java").read_text()
    answered = re.findall(r'"(/[a-z]*)", \(\) ->', source)
    asked = {name: probe["httpGet"]["path"] for name, probe in probes(manifests.broker)}
    wanted = {"startupProbe": "/healthz", "readinessProbe": "/readyz", "livenessProbe": "/healthz"}
    if asked != wanted:
        yield f"the probes ask for {asked}, not for {wanted}"
    scraped = [e["path"] for m in manifests.of("PodMonitor") for e in m["spec"]["podMetricsEndpoints"]]
    for path in [*asked.values(), *scraped]:
        if path not in answered:
            yield f"nodes do not answer {path}, only {answered}"


def permissions(manifests):
    """The role is the one that the manual of membership.kubernetes shows."""
    shown = [
        document
        for block in re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "operations.md").read_text(), re.DOTALL)
        for document in yaml.safe_load_all(block)
        if document.get("kind") == "Role"
    ]
    if len(shown) != 1:
        yield f"docs/operations.md shows {len(shown)} roles"
        return
    role = manifests.one("Role")
    if (role["metadata"]["name"], role["rules"]) != (shown[0]["metadata"]["name"], shown[0]["rules"]):
        yield f"the role is {role['rules']}, docs/operations.md has {shown[0]['rules']}"
    names = [name for rule in role["rules"] for name in rule.get("resourceNames", [])]
    if names != [manifests.stateful_set["metadata"]["name"]]:
        yield f"the role is about {names}"


def settings(manifests, server):
    """The node accepts its settings, in the first pods and in one that comes later; they agree with the manifests."""
    stateful_set = manifests.stateful_set
    name, service = stateful_set["metadata"]["name"], stateful_set["spec"]["serviceName"]
    for ordinal in (0, FOUNDERS):
        pod = f"{name}-{ordinal}"
        found = server.settings(manifests, pod)
        if isinstance(found, str):
            yield f"refused in {pod}: {found}"
            continue
        for port in ("grpc", "raft", "http", "gossip"):
            number = found[f"listen.{port}"].rpartition(":")[2]
            addresses = {f"{pod}.{service}": found[f"node.{port}"]}
            addresses |= {f"{name}-{n}.{service}": found[f"cluster.members[{n}].{port}"] for n in range(FOUNDERS)}
            if int(number) != manifests.ports[port]:
                yield f"{pod} listens at {number} for {port}, the container has {manifests.ports[port]}"
            for host, address in addresses.items():
                if address != f"{host}:{number}":
                    yield f"the {port} address of {host} is {address}, it listens at {number}"
        failure = manifests.ports["gossip"] + int(found["membership.jgroups.failurePortOffset"])
        if failure != manifests.ports["gossip-failure"]:
            yield f"gossip has its second port at {failure}, the container has {manifests.ports['gossip-failure']}"
        if found["membership.kubernetes.enabled"] != "true" or found["membership.kubernetes.statefulSet"] != name:
            yield f"membership.kubernetes is not that of {name}"
        key, _, value = found["membership.kubernetes.labelSelector"].partition("=")
        if manifests.labels.get(key) != value:
            yield f"membership.kubernetes looks for {key}={value}, the pods are {manifests.labels}"
        mounts = [m["mountPath"] for m in manifests.broker["volumeMounts"] if m["name"] == "data"]
        if [str(Path(found["node.dataDir"]).parent)] != mounts:
            yield f"node.dataDir is {found['node.dataDir']}, the volume is at {mounts}"
        pause = int(manifests.broker["lifecycle"]["preStop"]["exec"]["command"][1])
        least = pause + seconds(found["shutdown.timeout"]) + LAST_SECONDS
        if manifests.pod["terminationGracePeriodSeconds"] < least:
            yield f"a pod is killed after {manifests.pod['terminationGracePeriodSeconds']} s, it may need {least} s"
        with_databases = any(v["name"] == "BROKER_POSTGRES_PASSWORD" for v in manifests.broker["env"])
        if (found["archive.enabled"] == "true") != with_databases:
            yield f"archive.enabled is {found['archive.enabled']}, and there is a password: {with_databases}"
        if manifests.envoy is not None:
            yield from limits_of_envoy(manifests, found)


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h)", text).groups()
    return int(number) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[unit]


def limits_of_envoy(manifests, found):
    """What Envoy lets through is what the node behind it takes; beside a node, and in front of all."""
    listener = yaml.safe_load(envoy_files(manifests)["clients.yaml"])["resources"][0]
    port = listener["address"]["socket_address"]["port_value"]
    if port != manifests.ports["grpc-tls"]:
        yield f"Envoy listens at {port}, its container has {manifests.ports['grpc-tls']}"
    calls = connections_of(listener)["http2_protocol_options"]["max_concurrent_streams"]
    if calls != int(found["limits.maxCallsPerConnection"]):
        yield f"Envoy lets {calls} calls through on a connection, the node {found['limits.maxCallsPerConnection']}"
    sidecar, front = (yaml.safe_load(file)["static_resources"] for file in bootstraps(manifests).values())
    nodes = addresses_of(named("nodes", sidecar["clusters"]))
    if nodes != [{"address": "127.0.0.1", "port_value": manifests.ports["grpc"]}]:
        yield f"Envoy sends clients to {nodes}"
    for address in addresses_of(named("nodes", front["clusters"])):
        if address["port_value"] != manifests.ports["grpc"]:
            yield f"Envoy in front of all sends clients to {address}"
    for bootstrap in (sidecar, front):
        windows = windows_to_nodes(bootstrap)
        streams = windows["max_concurrent_streams"]
        if streams > int(found["limits.maxStreamsPerConnection"]):
            yield f"Envoy puts {streams} streams on a connection, the node takes {found['limits.maxStreamsPerConnection']}"
        if streams * windows["initial_stream_window_size"] > windows["initial_connection_window_size"]:
            yield "slow subscribers can fill the window of a connection that they share with others"


def twins(manifests):
    """Beside a node and in front of all Envoy is the same, but for where the nodes are and how it knows that they are well."""
    sidecar, front = (yaml.safe_load(file) for file in bootstraps(manifests).values())
    for key in ("dynamic_resources", "admin", "overload_manager"):
        if sidecar[key] != front[key]:
            yield f"sidecar.yaml and front.yaml do not agree on {key}"
    sidecar, front = sidecar["static_resources"], front["static_resources"]
    if sidecar["listeners"] != front["listeners"]:
        yield "sidecar.yaml and front.yaml do not agree on listeners"
    of_sidecar, of_front = named("nodes", sidecar["clusters"]), named("nodes", front["clusters"])
    for key in ("circuit_breakers", "per_connection_buffer_limit_bytes", "connect_timeout"):
        if of_sidecar[key] != of_front[key]:
            yield f"sidecar.yaml and front.yaml do not agree on {key}"
    # Who is on the same machine needs no pings to notice that it is gone.
    if windows_to_nodes(sidecar) != {k: v for k, v in windows_to_nodes(front).items() if k != "connection_keepalive"}:
        yield "sidecar.yaml and front.yaml do not agree on http2_protocol_options"


def limited_methods(manifests):
    """Limits are of methods that there are; and what is counted as any other is what has no limit of its own."""
    [limits] = yaml.safe_load(envoy_files(manifests)["limits.yaml"])["resources"]
    limits = limits["typed_config"]
    named_methods = {e["value"] for d in limits["descriptors"] for e in d["entries"] if e["key"] == "method"} - {"other"}
    contract = (ROOT / "proto" / "src" / "main" / "proto" / "broker.proto").read_text()
    methods = {f"/broker.Broker/{name}" for name in re.findall(r"^ +rpc (\w+)\(", contract, re.MULTILINE)}
    for unknown in sorted(named_methods - methods):
        yield f"limits.yaml has a limit of {unknown}, which is no method"
    for rule in limits["rate_limits"]:
        for match in (a["header_value_match"] for a in rule["actions"] if "header_value_match" in a):
            if match["descriptor_key"] == "method":
                [header] = match["headers"]
                regex = re.compile(header["string_match"]["safe_regex"]["regex"])
                counted = {method for method in methods if regex.fullmatch(method)}
                if counted != named_methods:
                    yield f"limits.yaml has limits of {sorted(named_methods)}, and counts all but {sorted(counted)} as others"


def connections_of(listener):
    [chain] = listener["filter_chains"]
    return named("envoy.filters.network.http_connection_manager", chain["filters"])["typed_config"]


def windows_to_nodes(static_resources):
    [options] = named("nodes", static_resources["clusters"])["typed_extension_protocol_options"].values()
    return options["explicit_http_config"]["http2_protocol_options"]


def addresses_of(cluster):
    [endpoints] = cluster["load_assignment"]["endpoints"]
    return [e["endpoint"]["address"]["socket_address"] for e in endpoints["lb_endpoints"]]


def named(name, things):
    return next(thing for thing in things if thing["name"] == name)


def envoy_files(manifests):
    """Whatever is in the directory that Envoy reads; not to be changed."""
    names = [s["configMap"]["name"] for s in named("envoy", manifests.pod["volumes"])["projected"]["sources"]]
    return {file: text for name in names for file, text in manifests.one("ConfigMap", name)["data"].items()}


def bootstraps(manifests):
    """What Envoy is started with, by name: beside a node, and in front of all."""
    return {"sidecar.yaml": envoy_files(manifests)["sidecar.yaml"], **manifests.front}


def envoy(manifests, program):
    """Envoy accepts its configuration, beside a node and in front of all, and the files that it reads when it runs."""
    mounts = {m["name"]: m["mountPath"] for m in manifests.envoy["volumeMounts"]}
    if f"{mounts['envoy']}/sidecar.yaml" not in manifests.envoy["args"]:
        yield f"Envoy is started with {manifests.envoy['args']}, its files are in {mounts['envoy']}"
    if "--reject-unknown-dynamic-fields" not in manifests.envoy["args"]:
        yield "Envoy is not started with --reject-unknown-dynamic-fields: it would read over mistakes in its limits"
    files = envoy_files(manifests)
    for reader, read in (
        ("sidecar.yaml", f"path: {mounts['envoy']}/clients.yaml"),
        ("clients.yaml", f"path: {mounts['envoy']}/certificate.yaml"),
        ("clients.yaml", f"path: {mounts['envoy']}/client-certificates.yaml"),
        ("clients.yaml", f"path: {mounts['envoy']}/limits.yaml"),
        ("clients.yaml", f"path: {mounts['envoy']}/global-limits.yaml"),
        ("clients.yaml", f"proto_descriptor: {mounts['contract']}/{CONTRACT.name}"),
        ("certificate.yaml", f"filename: {mounts['tls']}/tls.crt"),
        ("certificate.yaml", f"filename: {mounts['tls']}/tls.key"),
    ):
        if files[reader].count(read) != 1:
            yield f"{reader} does not say \"{read}\", which is where its pod has it"
    with tempfile.TemporaryDirectory() as directory:

        def here(text):
            text = text.replace(f"{mounts['contract']}/", f"{CONTRACT.parent}/").replace(mounts["tls"], directory)
            return text.replace(f"{mounts['envoy']}/", f"{directory}/").replace(f"path: {mounts['envoy']}}}", f"path: {directory}}}")

        for name, text in files.items():
            Path(directory, name).write_text(here(text))
        for name, text in bootstraps(manifests).items():
            # Envoy looks into the other files only when it runs: so here their content is part of a configuration.
            whole = yaml.safe_load(here(text))
            del whole["dynamic_resources"]
            read = {
                file: yaml.safe_load(here(files[file]))["resources"]
                for file in ("clients.yaml", "certificate.yaml", "client-certificates.yaml", "limits.yaml", "global-limits.yaml")
            }
            for file, resources in read.items():
                if len(resources) != 1:
                    yield f"{file} has {len(resources)} resources, Envoy wants one in each file"
            [listener], [certificate], [of_clients], *filters = read.values()
            yield from type_of(listener, "Listener")
            yield from type_of(certificate, "Secret")
            yield from type_of(of_clients, "Secret")
            whole["static_resources"]["listeners"].append(listener)
            whole["static_resources"]["secrets"] = [certificate, of_clients]
            http_filters = connections_of(listener)["http_filters"]
            for [resource] in filters:
                yield from type_of(resource, "TypedExtensionConfig")
                place = named(resource["name"], http_filters)
                allowed = place.pop("config_discovery")["type_urls"]
                place.update(resource)
                if resource["typed_config"]["@type"] not in allowed:
                    yield f"{resource['typed_config']['@type']} is not allowed as {resource['name']}"
            Path(directory, name).write_text(yaml.safe_dump(whole))
            answer = subprocess.run(
                [program, "--mode", "validate", "--log-level", "error", "--config-path", str(Path(directory, name))],
                capture_output=True,
                text=True,
                timeout=60,
            )
            if answer.returncode != 0:
                yield f"Envoy refuses {name}: {(answer.stderr or answer.stdout).strip()}"


def type_of(resource, kind):
    if not resource.pop("@type").endswith(f".{kind}"):
        yield f"{resource['name']} is no {kind}"


def render(kubectl, directory):
    answer = subprocess.run([kubectl, "kustomize", str(directory)], capture_output=True, text=True, timeout=60)
    # A warning is about something that will not work one day.
    if answer.returncode != 0 or answer.stderr:
        raise RuntimeError(answer.stderr.strip())
    return Manifests(list(yaml.safe_load_all(answer.stdout)))


def example(kubectl):
    """The overlay that the manual shows."""
    [shown] = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "kubernetes.md").read_text(), re.DOTALL)
    with tempfile.TemporaryDirectory() as directory:
        deploy = Path(directory) / "deploy"
        shutil.copytree(ROOT / "deploy", deploy)
        overlay = deploy / "overlays" / "mine"
        overlay.mkdir()
        (overlay / "kustomization.yaml").write_text(shown)
        return render(kubectl, overlay)


def with_global_limits(kubectl):
    """An overlay with all components of Envoy's."""
    with tempfile.TemporaryDirectory() as directory:
        deploy = Path(directory) / "deploy"
        shutil.copytree(ROOT / "deploy", deploy)
        overlay = deploy / "overlays" / "mine"
        overlay.mkdir()
        (overlay / "kustomization.yaml").write_text(
            "resources: [../embedded]\ncomponents: [../../envoy, ../../envoy-global-limits]\n"
        )
        return render(kubectl, overlay)


def breakages():
    """What must be refused: its name, the check that has to refuse it and a word of why, and how to make it of what is right."""

    def config_map(name):
        return lambda m: m.one("ConfigMap", name)["data"]

    def replace(data, key, old, new):
        def edit(m):
            assert old in data(m)[key]
            data(m)[key] = data(m)[key].replace(old, new)

        return edit

    config, variables = config_map("broker-config"), config_map("broker-settings")
    beside, limits = config_map("broker-envoy"), config_map("broker-envoy-limits")

    def front(m):
        return m.front

    def service(m, name):
        return m.one("Service", name)["spec"]

    def policy_port(m):
        return m.one("NetworkPolicy", "broker-peers")["spec"]["ingress"][0]["ports"][0]

    return [
        ("an unknown field", schemas, "imagePullPolcy", lambda m: m.broker.update(imagePullPolcy="Always")),
        ("a text for a number", schemas, "three", lambda m: m.stateful_set["spec"].update(replicas="three")),
        ("an unknown field of a PodMonitor", schemas, "paths", lambda m: m.one("PodMonitor")["spec"].update(paths=[])),
        ("an unknown kind", schemas, "Rule", lambda m: m.one("Role").update(kind="Rule")),
        ("a Secret", references, "for those", lambda m: m.one("ConfigMap", "broker-settings").update(kind="Secret")),
        ("a Secret of no manual", references, "other", lambda m: m.pod["volumes"].append(OTHER_SECRET)),
        ("a name of nothing", references, "no Service", lambda m: m.stateful_set["spec"].update(serviceName="a")),
        ("a mount of nothing", references, "no volume", lambda m: m.broker["volumeMounts"].append({"name": "other"})),
        ("an account elsewhere", references, "account", lambda m: m.one("RoleBinding")["subjects"][0].update(namespace="a")),
        ("another selector", selectors, "selects", lambda m: service(m, "broker").update(selector={"a": "b"})),
        ("a service without a port", ports, "grcp", lambda m: service(m, "broker-peers")["ports"][0].update(targetPort="grcp")),
        ("a policy for no port", ports, "port 1,", lambda m: policy_port(m).update(port=1)),
        ("a probe of no page", paths, "/health,", lambda m: m.broker["startupProbe"]["httpGet"].update(path="/health")),
        ("restarts of what is not ready", paths, "probes", lambda m: m.broker["livenessProbe"]["httpGet"].update(path="/readyz")),
        ("a role that may do more", permissions, "delete", lambda m: m.one("Role")["rules"][0]["verbs"].append("delete")),
        ("an unknown setting", settings, "datadir", replace(config, "broker.yaml", "dataDir:", "datadir:")),
        ("an unknown variable", settings, "DATDIR", lambda m: variables(m).update(BROKER_NODE_DATDIR="/a")),
        ("a port of no container", settings, "9192", replace(config, "broker.yaml", "0.0.0.0:9191", "0.0.0.0:9192")),
        ("a member by another name", settings, "refused", replace(config, "broker.yaml", "broker-0.broker-peers", "other")),
        ("too little time to stop", settings, "killed", lambda m: m.pod.update(terminationGracePeriodSeconds=30)),
        ("an archive switched off", settings, "archive", lambda m: variables(m).update(BROKER_ARCHIVE_ENABLED="false")),
        ("an Envoy before another port", settings, "9191", replace(beside, "sidecar.yaml", "value: 9091", "value: 9191")),
        ("an unknown field of Envoy's", envoy, "retry_budge", replace(beside, "sidecar.yaml", "retry_budget", "retry_budge")),
        ("one of its listener's", envoy, "idle_time", replace(beside, "clients.yaml", "stream_idle_timeout", "stream_idle_time")),
        ("one of a route's", envoy, "retry_an", replace(beside, "clients.yaml", "retry_on", "retry_an")),
        ("one of its JSON's", envoy, "auto_map", replace(beside, "clients.yaml", "auto_mapping", "auto_map")),
        ("a way to nobody", envoy, "nodez", replace(beside, "clients.yaml", "cluster: nodes", "cluster: nodez")),
        ("one of its certificate's", envoy, "privat_key", replace(beside, "certificate.yaml", "private_key", "privat_key")),
        ("an Envoy that reads over mistakes", envoy, "read over", lambda m: m.envoy["args"].pop()),
        ("one of a limit's", envoy, "max_token", replace(limits, "limits.yaml", "max_tokens", "max_token")),
        ("a limit of another kind", envoy, "Router", replace(limits, "limits.yaml", "local_ratelimit.v3.LocalRateLimit", "router.v3.Router")),
        ("a limit of no method", limited_methods, "no method", replace(limits, "limits.yaml", "/Fetch}", "/Fecth}")),
        ("a method that counts twice", limited_methods, "others", replace(limits, "limits.yaml", "|Fetch)", ")")),
        ("one of an Envoy's in front of all", envoy, "outlier", replace(front, "front.yaml", "outlier_detection", "outlier_detektion")),
        ("a front before another port", settings, "9191", replace(front, "front.yaml", "n2, port_value: 9091", "n2, port_value: 9191")),
        ("a front with other bounds", twins, "circuit", replace(front, "front.yaml", "max_requests: 100000", "max_requests: 1000")),
    ]


OTHER_SECRET = {"name": "other", "secret": {"secretName": "other"}}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--kubectl", required=True)
    options.add_argument("--envoy")
    options.add_argument("--server", default=str(ROOT / "bin" / "broker-server"))
    options.add_argument("--self-check", action="store_true")
    options = options.parse_args()

    server = Server(options.server)
    checks = {
        schemas: (),
        references: (),
        selectors: (),
        ports: (),
        paths: (),
        permissions: (),
        settings: (server,),
        twins: (),
        limited_methods: (),
        envoy: (options.envoy,),
    }
    if subprocess.run([options.server, "--version"], capture_output=True).returncode != 0:
        del checks[settings]
        print("skipped: what the broker says of the settings in deploy/ needs a built broker-server (mvn package)")
    if options.envoy is None:
        del checks[envoy]
        print("skipped: what Envoy says of deploy/envoy needs Envoy")
    elif not CONTRACT.exists():
        del checks[envoy]
        print("skipped: what Envoy says of deploy/envoy needs what the build writes of proto (mvn package)")
    of_envoy = {twins, limited_methods, envoy}
    failed = 0

    def report(what, problems):
        nonlocal failed
        if problems:
            failed += 1
            print(f"FAILED: {what}:")
            for problem in problems:
                print("  | " + problem.replace("\n", "\n  | "))
        else:
            print(f"passed: {what}")

    if not options.self_check:
        namespace = yaml.safe_load((ROOT / "deploy" / "namespace.yaml").read_text())
        report("deploy/namespace.yaml is valid", list(schemas(Manifests([namespace]))))
        rendered = {
            str(directory.relative_to(ROOT)): functools.partial(render, options.kubectl, directory)
            for directory in sorted(file.parent for file in OVERLAYS.glob("*/kustomization.yaml"))
        }
        rendered["the example in docs/kubernetes.md"] = functools.partial(example, options.kubectl)
        rendered["deploy/envoy-global-limits"] = functools.partial(with_global_limits, options.kubectl)
        for name, manifests_of in rendered.items():
            problems = []
            try:
                manifests = manifests_of()
                for check, others in checks.items():
                    if check not in of_envoy or manifests.envoy is not None:
                        problems += check(manifests, *others)
            except (RuntimeError, LookupError) as e:
                problems.append(str(e))
            report(f"{name} is valid, and fits together", problems)

    # Of the overlay that has everything, and is right itself.
    whole = render(options.kubectl, OVERLAYS / "production")
    broken = [breakage for breakage in breakages() if breakage[1] in checks]
    let_through = []
    for what, check, why, edit in broken:
        manifests = Manifests(copy.deepcopy(whole.objects))
        edit(manifests)
        problems = check(manifests, *checks[check])
        if not any(why in problem for problem in problems):
            let_through.append(f"{what} is not refused by {check.__name__}, or not because of \"{why}\"")
    report(f"manifests with a mistake are refused, in {len(broken)} ways", let_through)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
