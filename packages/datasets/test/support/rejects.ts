import { throwsCode } from "@inctrl/testing";
import { DatasetError } from "../../src/index.js";

/** Asserts a DatasetError of a code, whose message is one line and matches. */
export const rejects = (action: () => unknown, code: string, says: RegExp): Promise<void> =>
  throwsCode(action, code, says, DatasetError);
