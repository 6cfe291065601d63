"""Lambert, built by Spack from an unpacked tarball or a checkout:

    spack repo add packaging/spack
    spack dev-build lambert@1.0.0

Spack's own packages have all that it wants but inih and cJSON in every release; those two, and with +bundled all of
them, packaging/libraries builds into the stage (it needs the network, or their tarballs in LAMBERT_SOURCES)."""
import os

from spack.package import *


class Lambert(MakefilePackage):
    """Pre-training of BERT on CPU clusters."""

    homepage = "https://arxiv.org/abs/1904.00962"

    # Sources are those of the folder in which `spack dev-build` is called.
    version("1.0.0")

    variant("bundled", default=False, description="Build all small libraries with packaging/libraries")

    depends_on("c", type="build", when="@1.0.0")
    depends_on("gmake", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("mpi")
    depends_on("openblas threads=openmp")
    with when("~bundled"):
        depends_on("bzip2")
        depends_on("isa-l")
        depends_on("protobuf-c")
        depends_on("utf8proc")
        depends_on("xxhash")
        depends_on("xz")
        depends_on("zlib-api")
        depends_on("zstd")

    def libraries_folder(self):
        return join_path(self.stage.source_path, "build", "libraries")

    def setup_build_environment(self, env):
        env.prepend_path("PKG_CONFIG_PATH", join_path(self.libraries_folder(), "lib", "pkgconfig"))

    def edit(self, spec, prefix):
        words = [self.libraries_folder()]
        if "LAMBERT_SOURCES" in os.environ:
            words += ["--sources", os.environ["LAMBERT_SOURCES"]]
        if "+bundled" not in spec:
            words += ["inih", "cjson"]
        Executable(join_path("packaging", "libraries"))(*words)

    def words(self):
        return ["CC={0}".format(spack_cc), "MPICC={0}".format(self.spec["mpi"].mpicc), "PREFIX={0}".format(self.prefix)]

    def build(self, spec, prefix):
        make("all", *self.words())

    def install(self, spec, prefix):
        make("install", *self.words())

    def check(self):
        Executable(join_path("build", "lambert"))("selftest")
