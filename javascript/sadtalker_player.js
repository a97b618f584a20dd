// The players of the page. Under a result stands what the timeline directed, by the curves that were
// there when the video was asked for (timeline_editor.js); a recording gets a length.
(() => {
  const PREFIX = "sadtalker_ext";
  const SAME_SECONDS = 0.35; // between a video and the speech that it was made from
  const timeline = () => window.sadtalkerExtTimeline;
  let begun = null; // the curves of the video that is being made
  const made = new Map(); // curves by the address of the video; earlier videos have none
  let played = null; // those of the video in the player

  document.addEventListener("click", (event) => {
    if (!event.target.closest?.(`#${PREFIX}_generate`)) return;
    const data = timeline().data();
    begun = data.curves.length ? data : null;
  }, true);
  const player = (event) => event.target.closest?.(`#${PREFIX}_video`) && event.target;
  const under = (video) => {
    const line = document.querySelector(`#${PREFIX}_timeline_under .stx-time-under`);
    if (!line) return;
    const say = window.sadtalkerExtSay || ((text) => text);
    const seen = (played?.curves ?? [])
      .map((curve, place) => [curve.name, timeline().valueAt(played, place, video.currentTime)])
      .filter(([, value]) => value >= 0.01)
      .map(([name, value]) => `${say(name)} ${value.toFixed(2)}`);
    line.textContent = played ? [`${video.currentTime.toFixed(2)} s`, ...seen].join(" · ") : "";
  };
  document.addEventListener("loadedmetadata", (event) => {
    if (!player(event)) return;
    const file = event.target.currentSrc;
    const fits = begun && Math.abs(event.target.duration - begun.seconds) < SAME_SECONDS;
    if (fits && !made.has(file)) {
      made.set(file, begun);
      begun = null;
    }
    played = made.get(file) ?? null;
    under(event.target);
  }, true);
  // what a browser has just recorded does not say how long it is, until its end was looked for
  document.addEventListener("loadedmetadata", ({ target }) => {
    if (!target.closest?.(`#${PREFIX}_reference_camera`) || target.duration !== Infinity) return;
    target.addEventListener("durationchange", () => { target.currentTime = 0; }, { once: true });
    target.currentTime = 1e7;
  }, true);
  document.addEventListener("timeupdate", (event) => {
    const video = player(event);
    if (!video) return;
    under(video);
    const root = timeline().root();
    const held = document.activeElement?.closest?.(".stx-time-head, .stx-time-grips");
    if (!video.paused && played && root?.offsetParent && !held) timeline().goTo(video.currentTime);
  }, true);
})();
