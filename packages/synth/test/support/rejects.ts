import { DatasetError } from "@inctrl/datasets";
import { throwsCode } from "@inctrl/testing";

/** Asserts a DatasetError of a code, whose message is one line and matches. */
export const rejects = (action: () => unknown, code: string, says: RegExp): Promise<void> =>
  throwsCode(action, code, says, DatasetError);
