// Makes a component of JavaScript or TypeScript: bundles the sources, and hands the bundle to componentize-qjs or componentize-js.
//
// Takes a request as its only argument, as JSON. Writes one line of JSON to standard output: what the component was
// made of, or what is wrong with its sources. What else goes wrong goes to standard error, with a code other than 0.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire, SourceMap } from "node:module";
import { basename, dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const request = JSON.parse(process.argv[2]);
const require = createRequire(`${request.tools}/`);
// The name of what is made here, among those of sources.
const ENTRY = "loop:entry";
// What stands around the exports.
const GUARD = join(dirname(request.output), "uncaught.js");
const isQuickJs = request.tool === "componentize-qjs";
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

/** The entry that is bundled: what the world exports, after a look whether the source has it, and guarded where the tool has no good words for errors. */
function entry() {
  const paths = request.exports.map(({ path }) => path);
  const names = [...new Set(paths.map((path) => path.split(".")[0]))];
  return `import * as source from ${JSON.stringify(request.entry)};
${request.guard ? `import { guarded } from ${JSON.stringify(GUARD)};` : "const guarded = (call) => call;"}
const at = (from, path) => path.reduce((value, name) => value?.[name], from);
const missing = ${JSON.stringify(paths)}.filter((path) => typeof at(source, path.split(".")) !== "function");
if (missing.length > 0) throw new Error("loop-missing " + JSON.stringify(missing) + " end");
const exported = Object.fromEntries(${JSON.stringify(names)}.map((name) => [name, typeof source[name] === "object" ? {} : source[name]]));
for (const { path, err } of ${JSON.stringify(request.exports)}) {
  const names = path.split(".");
  const [place, name] = [at(exported, names.slice(0, -1)), names.at(-1)];
  const given = at(source, names);
  place[name] = err ? guarded(given, err) : given;
}
${names.map((name) => `export const ${name} = exported[${JSON.stringify(name)}];`).join("\n")}
`;
}

/** Why an import of the world cannot be had, or nothing. A module of the SDK needs it, perhaps. */
function lacking(path, module) {
  if (request.imports.includes(path)) return undefined;
  const same = request.imports.find((name) => name.split("@")[0] === path.split("@")[0]);
  const note = same ? `it imports "${same}"` : `add the line "import ${path};" to it, in wit/`;
  const who = module ? `, which "${module}" needs` : "";
  return `The world "${request.world}" does not import "${path}"${who}: ${note}`;
}

/** Leaves imports of the world as they are, or as the tool knows them, and refuses those that the world does not have. */
const imports = {
  name: "imports",
  setup(build) {
    build.onResolve({ filter: /^[a-z][a-z0-9-]*:[a-z]/ }, ({ path, importer }) => {
      const text = importer === GUARD ? undefined : lacking(path);
      if (text) return { errors: [{ text }] };
      return { path: request.aside ? path.replace(/^wasi:(?=.*@0\.2\.)/, "was2:") : path, external: true };
    });
  },
};

/** Finds the modules of the SDK, which this build carries. What one needs of the world is said where it is imported. */
const sdk = {
  name: "sdk",
  setup(build) {
    build.onResolve({ filter: /^loop-guest(\/|$)/ }, ({ path }) => {
      if (!request.modules.includes(path)) {
        return { errors: [{ text: `There is no module "${path}": there are ${request.modules.join(", ")}` }] };
      }
      const file = `${join(dirname(request.sdk), path)}.js`;
      const needed = [...readFileSync(file, "utf8").matchAll(/ from "([a-z][a-z0-9-]*:[^"]+)"/g)].map(([, name]) => name);
      const text = needed.map((name) => lacking(name, path)).find(Boolean);
      return text ? { errors: [{ text }] } : { path: file, sideEffects: false };
    });
  },
};

/** The name of a source, as people read it, and the same on every machine. */
function named(source) {
  const path = resolve(request.folder, source);
  if (path.startsWith(`${request.sdk}/`)) return relative(dirname(request.sdk), path);
  return dirname(path) === dirname(request.output) ? `loop:${basename(path)}` : relative(request.folder, path);
}

/** An error of the engine, with places in the sources rather than in the bundle. */
function mapped(message, map) {
  const text = message.replaceAll("was2:", "wasi:");
  const early = /unknown import: `(.*?)` has not been defined/.exec(text);
  if (early) return `\`${early[1]}\` is called at the top of a module, which runs while the component is made: call it in a function`;
  const places = new SourceMap(map);
  const said = text
    .replace(/^(?:: )?(?:Failed to [^:]*: )+/, "")
    // What componentize-js says around it: where its own program stands, and the same once more.
    .replace(/^Failed to initialize component .*\n(?:Exception while evaluating top-level script\n)?/, "")
    .replace(/^Additionally, some promises were rejected(?:.|\n)*?(?=^Stack:)/m, "");
  return said.replace(/\/?[^\s()]*bundle\.js:(\d+):(\d+)/g, (place, line, column) => {
    const { originalSource, originalLine, originalColumn } = places.findEntry(line - 1, column - 1);
    return originalSource ? `${named(originalSource)}:${originalLine + 1}:${originalColumn + 1}` : place;
  });
}

/** The places of a source map, in order: line and column of the bundle, and the source and line there, all from 0. */
function* places({ mappings }) {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  let [source, there] = [0, 0];
  for (const [line, text] of mappings.split(";").entries()) {
    let column = 0;
    for (const segment of text.split(",").filter(Boolean)) {
      // Numbers in digits of five bits, the lowest first; the sixth bit says that there is another, and the lowest of all is the sign.
      const numbers = [];
      let [number, shift] = [0, 0];
      for (const digit of segment) {
        const bits = digits.indexOf(digit);
        number |= (bits & 31) << shift;
        shift += 5;
        if (bits & 32) continue;
        numbers.push(number & 1 ? -(number >> 1) : number >> 1);
        [number, shift] = [0, 0];
      }
      const [columns, sources, lines] = numbers;
      column += columns;
      if (lines === undefined) continue;
      source += sources;
      there += lines;
      yield { line, column, source, there };
    }
  }
}

/** The bundle, with an end that has traces name lines of the sources while the component runs. */
function traced(code, map) {
  // Lines that follow each other here and there are one run, which is noted where it begins.
  const runs = [];
  let last;
  for (const { line, column, source, there } of places(map)) {
    if (source === last?.source && there - line === last.ahead) continue;
    runs.push([line + 1, column + 1, source, there + 1]);
    last = { source, ahead: there - line };
  }
  return `${code}(${nameSources})(${JSON.stringify(map.sources.map(named))}, ${JSON.stringify(runs)});\n`;
}

/** This becomes part of the component. */
function nameSources(sources, runs) {
  const place = (at, column) => {
    const run = runs.findLast(([line, from]) => line < at || (line === at && from <= column));
    return run ? `${sources[run[2]]}:${run[3] + at - run[0]}` : "native";
  };
  // Who reads a trace looks for lines of their own: it ends where the component was called, and does not begin within the SDK.
  const isOwn = ({ at }) => !/^(?:loop:|loop-guest\/|native$)/.test(at);
  Error.prepareStackTrace ??= (_, frames) => {
    const all = frames.map((frame) => ({
      name: frame.getFunctionName() ?? "<anonymous>",
      at: place(frame.getLineNumber(), frame.getColumnNumber()),
    }));
    const shown = all.some(isOwn) ? all.slice(all.findIndex(isOwn), all.findLastIndex(isOwn) + 1) : all;
    return shown.map(({ name, at }) => `    at ${name} (${at})\n`).join("");
  };
}

async function bundle() {
  const esbuild = require("esbuild");
  try {
    return await esbuild.build({
      stdin: { contents: entry(), resolveDir: request.folder, sourcefile: ENTRY },
      absWorkingDir: request.folder,
      outfile: "bundle.js",
      bundle: true,
      write: false,
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
      target: "es2023",
      sourcemap: "external",
      metafile: true,
      inject: request.inject,
      // How the tool has an integer of 64 bits.
      define: { LOOP_INTEGER: isQuickJs ? "Number" : "BigInt", LOOP_QUICKJS: `${isQuickJs}` },
      logLevel: "silent",
      plugins: [sdk, imports],
    });
  } catch (error) {
    if (!error.errors) throw error;
    const messages = await esbuild.formatMessages(error.errors, { kind: "error" });
    say({ error: messages.join("").trim() });
    return undefined;
  }
}

async function byQuickJs(source) {
  const { componentize } = require("componentize-qjs");
  // It looks for the file, and names it in what it says.
  const path = join(dirname(request.output), "bundle.js");
  writeFileSync(path, source);
  const { component } = await componentize({
    witPath: request.wit,
    world: request.made,
    jsSource: source,
    jsPath: path,
    moduleRoot: dirname(path),
    sync: request.sync,
    optSize: request.quick,
  });
  return component;
}

async function bySpiderMonkey(source) {
  // The package exports it to `import` alone, which looks for packages beside this script.
  const entry = join(request.tools, "node_modules/@bytecodealliance/componentize-js/src/componentize.js");
  const { componentize } = await import(pathToFileURL(entry));
  // It looks at all that stands beside the file.
  const path = join(dirname(request.output), "bundle", "bundle.js");
  mkdirSync(dirname(path));
  writeFileSync(path, source);
  const asks = request.imports.some((name) => name.startsWith("wasi:http/outgoing-handler@0.2."));
  const { component } = await componentize({
    sourcePath: path,
    witPath: request.wit,
    worldName: request.made,
    disableFeatures: asks ? ["fetch-event"] : ["fetch-event", "http"],
  });
  return component;
}

const bundled = await bundle();
if (bundled) {
  const [{ text: sourceMap }, { text: code }] = bundled.outputFiles;
  const map = JSON.parse(sourceMap);
  const inputs = Object.keys(bundled.metafile.inputs).filter((path) => path !== ENTRY);
  try {
    writeFileSync(request.output, await (isQuickJs ? byQuickJs : bySpiderMonkey)(traced(code, map)));
    say({ inputs: inputs.map((path) => resolve(request.folder, path)) });
  } catch (error) {
    const text = `${error?.message ?? error}`;
    const missing = /loop-missing (\[.*?\]) end/s.exec(text);
    say(missing ? { missing: JSON.parse(missing[1].replaceAll("\\", "")) } : { error: mapped(text, map) });
  }
}
process.exit(0);
