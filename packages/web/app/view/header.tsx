import { working } from "../line/state.js";
import { route } from "../route.js";
import { busy, model } from "../state.js";

function Title({ children }: { readonly children: string }) {
  return (
    <h1>
      <img src="./icon.svg" alt="" width="28" height="28" />
      {children}
    </h1>
  );
}

function LineHeader() {
  return (
    <header>
      <Title>Are these parts good?</Title>
      <p class="device">
        <b>{location.host}</b>
        {working.value && ` · ${working.value}…`}
      </p>
    </header>
  );
}

/** The name of the page, and what it is computing on. */
export function Header() {
  const work = busy.value;
  if (route.value === "line") return <LineHeader />;
  return (
    <header>
      <Title>Is this part good?</Title>
      <p class="device" title={model.value?.adapter}>
        {work ? (
          <span class="work">
            <progress
              aria-label={work.text}
              {...(work.total ? { max: work.total, value: work.done ?? 0 } : {})}
            />
            {work.text}
            {work.done !== undefined && !work.total && ` (${work.done})`}
          </span>
        ) : model.value ? (
          <>
            <b>{model.value.name}</b> on {model.value.adapter}
            {model.value.software && " (software: right but slow)"}
          </>
        ) : null}
      </p>
    </header>
  );
}
