/**
 * Makes the package that npm publishes: compiled JavaScript, types, and a manifest that points at them.
 * `node packages/verify/scripts/pack.mjs [folder]` writes `<folder>/package` and `<folder>/aha-verify-<version>.tgz`.
 *
 * Inside this repository the sources run as they are; people who install the package have no TypeScript loader.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const packageFolder = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const workspace = resolve(packageFolder, "../..");
const sourceFolder = join(packageFolder, "src");

/**
 * @param {string} program
 * @param {string[]} parameters
 * @param {string} folder
 * @returns {string} what it printed
 */
function must(program, parameters, folder) {
  const result = spawnSync(program, parameters, { cwd: folder, encoding: "utf8" });
  if (result.status !== 0) {
    throw new Error(
      `${program} ${parameters.join(" ")} failed:\n${result.error?.message ?? ""}${result.stdout}${result.stderr}`,
    );
  }
  return result.stdout;
}

/**
 * Every source file that belongs to the package: no tests, no fixtures.
 * @param {string} folder
 * @returns {string[]}
 */
function listSources(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return ["fixtures", "testing", "__pycache__"].includes(entry.name) ? [] : listSources(path);
    return entry.name.includes(".test.") ? [] : [path];
  });
}

/** @param {string} output */
function compile(output) {
  const require = createRequire(import.meta.url);
  const compiler = join(dirname(require.resolve("typescript/package.json")), "bin/tsc");
  const configuration = join(output, "tsconfig.json");
  const sources = listSources(sourceFolder);
  const options = {
    extends: join(workspace, "tsconfig.json"),
    compilerOptions: {
      noEmit: false,
      incremental: false,
      allowJs: false,
      checkJs: false,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      rootDir: sourceFolder,
      outDir: join(output, "package/dist"),
      typeRoots: [join(workspace, "node_modules/@types")],
    },
    include: [],
    files: sources.filter((path) => path.endsWith(".ts")),
  };
  writeFileSync(configuration, JSON.stringify(options, null, 2));
  must(process.execPath, [compiler, "--project", configuration], workspace);
  rmSync(configuration);
  // What the compiler leaves: scripts that run inside the sandbox, data.
  for (const path of sources.filter((source) => extname(source) !== ".ts")) {
    cpSync(path, join(output, "package/dist", relative(sourceFolder, path)));
  }
}

/** @param {string} output */
function writeManifest(output) {
  const manifest = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));
  const published = {
    ...manifest,
    exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
    engines: { node: ">=20" },
    files: ["dist"],
  };
  writeFileSync(join(output, "package/package.json"), `${JSON.stringify(published, null, 2)}\n`);
  cpSync(join(packageFolder, "README.md"), join(output, "package/README.md"));
  cpSync(join(workspace, "LICENSE"), join(output, "package/LICENSE"));
}

/**
 * @param {string} output a folder of the script's own; what is in it is replaced
 * @returns {string} the path of the packed file
 */
export function pack(output) {
  rmSync(output, { recursive: true, force: true });
  mkdirSync(join(output, "package"), { recursive: true });
  compile(output);
  writeManifest(output);
  const printed = must("npm", ["pack", "--silent", "--pack-destination", output], join(output, "package"));
  return join(output, printed.trim().split("\n").at(-1) ?? "");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  console.log(pack(resolve(process.argv[2] ?? join(packageFolder, "build"))));
}
