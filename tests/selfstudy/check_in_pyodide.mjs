// Runs the cells of assignments in Pyodide, under Node. Arguments: the folder of a Pyodide with pandas; a wheel
// with autograder.check; the folder of the released assignments; a file with the cells to run, as JSON:
// {"ASSIGNMENT": ["code", ...], ...}. Prints, as JSON, what each cell printed or the error that it ended in.
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { pathToFileURL } from "node:url";

const [pyodideFolder, wheel, release, todo] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${pyodideFolder}/pyodide.mjs`));
const python = await loadPyodide({ indexURL: `${pyodideFolder}/`, env: { MPLBACKEND: "agg", HOME: "/home" } });
await python.loadPackage(["pandas", "matplotlib"], { messageCallback: () => {} });
python.mountNodeFS("/python", dirname(wheel));
python.mountNodeFS("/release", release);
python.globals.set("wheel", `/python/${basename(wheel)}`);
python.globals.set("todo", readFileSync(todo, "utf-8"));
console.log(
  await python.runPythonAsync(`
import contextlib, io, json, os, sys
sys.path.insert(0, wheel)  # as in the site

def run(code, names):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            exec(code, names)
        except Exception as problem:
            print(type(problem).__name__, problem)
    return said.getvalue()

results = {"platform": [sys.platform]}
for assignment, cells in json.loads(todo).items():
    os.chdir(f"/release/{assignment}")
    names = {}
    results[assignment] = [run(code, names) for code in cells]
json.dumps(results)
`),
);
