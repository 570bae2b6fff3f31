/** A number for a name (the FNV-1a hash). */
export function textSeed(text: string): number {
  let h = 0x811c9dc5;
  for (const character of text) h = Math.imul(h ^ character.charCodeAt(0), 0x01000193);
  return h;
}
