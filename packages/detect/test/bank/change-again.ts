// Changes a bank again and again until it is killed: `history.test.ts` runs it in a process of its own.
import { amendBank, changeBank, readHistory } from "../../src/index.js";

const path = process.argv[2];
for (let i = 0; ; i++) {
  const { id: from } = await readHistory(path);
  await changeBank(path, { what: "calibrated", images: [], from }, (entries) =>
    amendBank(path, { ...entries, note: String(i) }),
  );
  if (i === 0) process.stdout.write("begun\n");
}
