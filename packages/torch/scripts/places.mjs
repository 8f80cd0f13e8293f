/** Where set-up keeps its things: the package, the workspace, the addon's builds, the project's LibTorch. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const packageFolder = resolve(dirname(fileURLToPath(import.meta.url)), "..");
export const workspaceFolder = resolve(packageFolder, "../..");
export const nativeFolder = join(packageFolder, "native");
export const buildFolder = join(packageFolder, "build");
/** Written last by a build; what the loader reads to find the addon. */
export const currentBuildFile = join(buildFolder, "current.json");
/** The project's own Python virtual environment, which only carries LibTorch. */
export const carrierFolder = join(workspaceFolder, ".libtorch");

/** Creates the build folder, which tells git by itself that nothing in it is to be committed. */
export function makeBuildFolder() {
  mkdirSync(buildFolder, { recursive: true });
  const ignore = join(buildFolder, ".gitignore");
  if (!existsSync(ignore)) writeFileSync(ignore, "*\n");
  return buildFolder;
}
