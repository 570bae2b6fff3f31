// Where the pages of the site are found. Links are those of the site; a test holds that each page exists.
const page = (text, link) => ({ text, link });

export const NAVIGATION = {
  nav: [page("Guide", "/scoring"), page("Library", "/library"), page("Notes", "/notes/")],
  sidebar: [
    {
      text: "Use it",
      items: [
        page("Scoring", "/scoring"),
        page("Banks", "/banks"),
        page("A watched folder", "/watch"),
        page("The page", "/page"),
        page("Service", "/serve"),
        page("Many machines", "/cluster"),
        page("To other runtimes", "/export"),
        page("A line", "/line"),
        page("Training", "/training"),
        page("Evaluation", "/evaluation"),
        page("Methods", "/methods"),
        page("Pretraining", "/pretraining"),
        page("Formats", "/formats"),
        page("Commands", "/commands"),
        page("Numbers", "/numbers"),
        page("Troubleshooting", "/troubleshooting"),
      ],
    },
    {
      text: "Build on it",
      items: [
        page("The library", "/library"),
        page("Ops", "/features"),
        page("Architecture", "/project/architecture"),
        page("Contributing", "/project/contributing"),
        page("Changelog", "/project/changelog"),
      ],
    },
    {
      text: "Notes",
      collapsed: true,
      items: [
        page("All notes", "/notes/"),
        page("Products on software adapters", "/notes/2026-11-products"),
        page("Products, search and attention on GPUs", "/notes/2026-11-gpu"),
        page("Image towers", "/notes/2026-11-towers"),
        page("Rows, copies and small ops", "/notes/2026-11-rows"),
        page("Pixels to the device", "/notes/2026-11-upload"),
        page("The first verdict on the page", "/notes/2026-11-first-verdict-of-the-page"),
        page("Symmetries of prompts", "/notes/2026-11-symmetries"),
        page("Pretraining losses", "/notes/2026-11-pretraining"),
        page("nano", "/notes/2026-11-nano"),
        page("Do heads generalise?", "/notes/2026-11-generalisation"),
        page("Which residual?", "/notes/2026-11-residual"),
        page("Every method on real data", "/notes/2026-11-methods"),
        page("Do calibrated lines keep their promise?", "/notes/2026-11-calibration"),
        page("A queue for ten million images", "/notes/2026-11-cluster"),
        page("ResNets", "/notes/2026-11-resnets"),
        page("WinCLIP's windows", "/notes/2026-11-windows"),
        page("Dependencies", "/notes/2026-11-dependencies"),
      ],
    },
  ],
};
