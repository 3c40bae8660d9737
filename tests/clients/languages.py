# SPDX-License-Identifier: Apache-2.0
"""languages.py: how the example programs of each language are built and run.

Every product is in the build directory. The package managers keep their usual caches.
"""
import os
import re
import shutil
import subprocess


class Missing(Exception):
    """A tool of the language is not installed."""


def run(*command, **more):
    """Run a build command and return its output. End the test with the output if the command fails."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode != 0:
        raise SystemExit("%s\n%s" % (" ".join(command), done.stdout))
    return done.stdout


def need(*programs):
    for program in programs:
        if shutil.which(program) is None:
            raise Missing("%s is not installed" % program)


def need_version(least, *command):
    need(command[0])
    found = re.search(r"(\d+)\.(\d+)", run(*command))
    if found is None or tuple(map(int, found.groups())) < least:
        raise Missing("%s is older than %d.%d" % (command[0], *least))


class Language:
    """How to run the programs of a language. A command is a list of words and a dictionary of environment variables.

    examples: programs that verify a device and take an O-DUKPT key, by the name of the library.
    messages: programs that verify messages, each in one call, and refuse replays, in the same way.
    more: other programs, each with the output that is expected.
    cases: prints the parameter of each line of its input, by the file that users copy. `reference` is the same with keydiv.h.
    """

    def __init__(self, sources, build, include):
        self.name = type(self).__name__.lower()
        self.source = os.path.join(sources, self.name)
        self.build = os.path.join(build, self.name)
        self.cpp_source = os.path.join(sources, "cpp")
        os.makedirs(self.build, exist_ok=True)
        need("g++", "pkg-config")
        self.flags = [*run("pkg-config", "--cflags", "p11-kit-1").split(), "-I", include]
        self.reference = self.compile_cpp("cases")
        self.more = []
        self.make()

    def compile_cpp(self, name):
        program = os.path.join(self.build, "cpp_" + name)
        run("g++", "-std=c++11", "-Wall", "-Wextra", "-Werror", "-g", "-o", program, os.path.join(self.cpp_source, name + ".cpp"),
            *self.flags, "-ldl")
        return [program], {}


class Cpp(Language):
    def make(self):
        self.cases = self.reference
        self.examples = {"keydiv.h": self.compile_cpp("verify_device")}
        self.messages = {"keydiv.h": self.compile_cpp("verify_messages")}


class Python(Language):
    def make(self):
        python = "/usr/bin/python3"  # Debian's, for which PyKCS11 is packaged
        for module in "PyKCS11", "ensurepip":
            if not os.path.exists(python) or subprocess.run([python, "-c", "import " + module], stderr=subprocess.DEVNULL).returncode:
                raise Missing("python3-pykcs11 or python3-venv is not installed")
        quiet = {"PYTHONDONTWRITEBYTECODE": "1"}
        self.cases = [python, os.path.join(self.source, "cases.py")], quiet
        libraries = {"PyKCS11": (python, ".py"), "python-pkcs11": (self.environment(python), "_python_pkcs11.py")}
        self.examples, self.messages = ({
            name: ([interpreter, os.path.join(self.source, program + suffix)], quiet)
            for name, (interpreter, suffix) in libraries.items()} for program in ("verify_device", "verify_messages"))

    def environment(self, python):
        """Return the interpreter of an environment that has python-pkcs11."""
        interpreter = os.path.join(self.build, "venv", "bin", "python")
        if not os.path.exists(interpreter):
            run(python, "-m", "venv", os.path.join(self.build, "venv"))
        run(interpreter, "-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:",
            "-r", os.path.join(self.source, "requirements.txt"))
        return interpreter


class Java(Language):
    def make(self):
        need("javac", "java")
        exports = ["--add-modules", "jdk.crypto.cryptoki", "--add-exports",
                   "jdk.crypto.cryptoki/sun.security.pkcs11.wrapper=ALL-UNNAMED"]
        sources = [os.path.join(self.source, name) for name in sorted(os.listdir(self.source)) if name.endswith(".java")]
        run("javac", "-Xlint", *exports, "-d", self.build, *sources)
        java = ["java", *exports, "-cp", self.build]
        self.cases = [*java, "Cases"], {}
        self.examples = {"the wrapper of SunPKCS11": ([*java, "VerifyDevice"], {})}
        self.messages = {"the wrapper of SunPKCS11": ([*java, "VerifyMessages"], {})}
        self.more = [(([*java, "ProviderKeys"], {}), "SN-000123: the HMAC is right\nSN-000123: hello from the device\n")]


class Go(Language):
    def make(self):
        need_version((1, 19), "go", "version")
        run("go", "build", "-mod=readonly", "-o", self.build + os.sep, "./...", cwd=self.source)
        self.cases = [os.path.join(self.build, "cases")], {}
        self.examples = {"miekg/pkcs11": ([os.path.join(self.build, "verify_device")], {})}
        self.messages = {"miekg/pkcs11": ([os.path.join(self.build, "verify_messages")], {})}


class Node(Language):
    def make(self):
        need_version((18, 0), "node", "--version")
        need("npm")
        self.install()
        modules = {"NODE_PATH": os.path.join(self.build, "node_modules")}
        self.cases = ["node", os.path.join(self.source, "cases.js")], {}
        self.examples = {"pkcs11js": (["node", os.path.join(self.source, "verify_device.js")], modules)}
        self.messages = {"pkcs11js": (["node", os.path.join(self.source, "verify_messages.js")], modules)}

    def install(self):
        """Install what the lock file names, unless the build directory has it. The package is compiled with Node's own headers."""
        lock = os.path.join(self.source, "package-lock.json")
        done = os.path.join(self.build, "installed.json")
        if os.path.exists(done) and open(done).read() == open(lock).read():
            return
        for name in "package.json", "package-lock.json":
            shutil.copy(os.path.join(self.source, name), self.build)
        environment = dict(os.environ)
        if os.path.isdir("/usr/include/node"):
            environment.setdefault("npm_config_nodedir", "/usr")
        run("npm", "ci", "--no-audit", "--no-fund", cwd=self.build, env=environment)
        shutil.copy(lock, done)


class Rust(Language):
    def make(self):
        need_version((1, 77), "cargo", "--version")
        run("cargo", "build", "--quiet", "--locked", "--manifest-path", os.path.join(self.source, "Cargo.toml"),
            "--target-dir", self.build)
        programs = os.path.join(self.build, "debug")
        self.cases = [os.path.join(programs, "cases")], {}
        self.examples = {"cryptoki": ([os.path.join(programs, "verify_device")], {})}
        self.messages = {"cryptoki": ([os.path.join(programs, "verify_messages")], {})}


LANGUAGES = {"cpp": Cpp, "go": Go, "java": Java, "node": Node, "python": Python, "rust": Rust}
