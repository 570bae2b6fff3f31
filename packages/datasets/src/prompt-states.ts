/** The states of a class in the prompts of InCTRL's released code, in its order and wording. `{}` stands for the class. */
export const PROMPT_STATES = {
  normal: [
    "{}",
    "flawless {}",
    "perfect {}",
    "unblemished {}",
    "{} without flaw",
    "{} without defect",
    "{} without damage",
  ],
  anomaly: ["damaged {}", "{} with flaw", "{} with defect", "{} with damage"],
} as const;
