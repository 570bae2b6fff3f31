// Type-checks chosen files through the compiler's interface. What they import is read, but reported elsewhere.
import path from "node:path";
import ts from "typescript";
import { ROOT } from "../workspace.mjs";

const host = {
  getCanonicalFileName: (name) => name,
  getCurrentDirectory: () => ROOT,
  getNewLine: () => "\n",
};

/** The compiler's messages as text. */
export const textOf = (problems) => ts.formatDiagnostics(problems, host);

/** The options and files of a folder's tsconfig.json, with some options changed. @throws Error where it cannot be read. */
export function readConfig(folder, changes = {}) {
  return ts.getParsedCommandLineOfConfigFile(path.join(folder, "tsconfig.json"), changes, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (problem) => {
      throw new Error(textOf([problem]));
    },
  });
}

/** What is wrong with these files under a folder's tsconfig.json; empty where all is well. */
export function typeProblems(folder, files, changes) {
  const program = ts.createProgram(files, readConfig(folder, changes).options);
  const problems = files
    .map((file) => program.getSourceFile(file))
    .flatMap((source) => [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ]);
  return textOf([...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics(), ...problems]);
}
