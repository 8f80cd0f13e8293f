/** Finds the Python that is active on this machine and says what it can do for set-up. */
import { capture } from "./command.mjs";

/**
 * @typedef {object} Python
 * @property {string} command
 * @property {string} executable
 * @property {[number, number]} version major and minor
 * @property {boolean} hasVenv whether `python -m venv` can make an environment with pip in it
 * @property {string | null} torch the folder of the installed `torch` package, not imported
 */

/** PyTorch 2.13's wheels are built for Python 3.10 and later. */
export const oldestPython = /** @type {const} */ ([3, 10]);

// find_spec looks the package up without importing it: milliseconds instead of seconds.
const question = `
import importlib.util as u, json, sys
def there(name):
    try: return u.find_spec(name)
    except Exception: return None
torch = there("torch")
print(json.dumps({"executable": sys.executable, "version": list(sys.version_info[:2]),
  "hasVenv": bool(there("venv")) and bool(there("ensurepip")),
  "torch": list(torch.submodule_search_locations)[0] if torch and torch.submodule_search_locations else None}))
`;

/**
 * @param {string} command
 * @returns {Python | undefined}
 */
export function inspectPython(command) {
  const { ok, stdout } = capture(command, ["-c", question]);
  if (!ok) return undefined;
  try {
    return { command, ...JSON.parse(stdout.split("\n").at(-1) ?? "") };
  } catch {
    return undefined; // a shim that printed something else: not a Python we can use
  }
}

/** The Python a user would get by typing `python3` or `python` now. */
export function findActivePython() {
  return inspectPython("python3") ?? inspectPython("python");
}

/** The first Python new enough to carry the pinned LibTorch, the active one preferred. */
export function findCarrierPython() {
  for (const command of ["python3", "python", "python3.13", "python3.12", "python3.11", "python3.10"]) {
    const python = inspectPython(command);
    if (python && isNewEnough(python.version)) return python;
  }
  return undefined;
}

/** @param {readonly [number, number]} version */
function isNewEnough([major, minor]) {
  return major > oldestPython[0] || (major === oldestPython[0] && minor >= oldestPython[1]);
}
