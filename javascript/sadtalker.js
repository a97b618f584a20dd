/* The SadTalker tab in the WebUI's page: switching to it, and the host's bar for its jobs. */
(function() {
    const TAB = "sadtalker";
    const PREFIX = "sadtalker_ext";
    const TASK = `${PREFIX}_task_id`;
    let restoring = false;
    let waiting = "";  // id of the job whose end gives the buttons back
    let followed = ""; // id of the job that has the host's bar
    let beside = "";   // id of the job that has our own bar
    let reconnected = 0; // when a job was last asked for anew
    let reconnecting = 0; // timer of the next try
    let asking = false;  // whether it is asked for because the connection broke
    const MADE = "Talking video: "; // begins the lines below a gallery that name a video

    function find(id) {
        return gradioApp().getElementById(id);
    }

    /* Clicks our tab's button. Tabs can be hidden and reordered, and one gradio gives the buttons
       no ids: the position of the tab among all tabs is the position of its button. */
    function switchToTab() {
        const named = find(`tab_${TAB}-button`);
        const tab = find(`tab_${TAB}`);
        if (named) {
            named.click();
        } else if (tab) {
            const siblings = Array.from(tab.parentElement.children);
            const tabs = siblings.filter((one) => one.classList.contains("tabitem"));
            const buttons = gradioApp().querySelectorAll("#tabs > .tab-nav > button");
            const button = buttons[tabs.indexOf(tab)];
            if (button) button.click();
        }
    }

    /* The index of the thumbnail selected in a tab's gallery, or -1. */
    function selectedIndex(tab) {
        const thumbnails = gradioApp().querySelectorAll(
            `#${tab}_gallery_container .thumbnail-item.thumbnail-small`
        );
        return Array.from(thumbnails).findIndex((one) => one.classList.contains("selected"));
    }

    /* Completes the values of an event of ours: gallery, facts about it, and a text that names the
       tab and takes the selected index. The host's gradio appends the outputs: they are cut off. */
    function withIndex(values) {
        const [gallery, facts, text] = values;
        const tab = JSON.parse(text)[0];
        return [gallery, facts, JSON.stringify([tab, selectedIndex(tab)])];
    }

    /* On a narrow window the result lies below all options. */
    function showStage() {
        const stage = find(`${PREFIX}_stage`);
        if (stage && stage.getBoundingClientRect().top > window.innerHeight - 120) {
            stage.scrollIntoView({behavior: "smooth"});
        }
    }

    function remembered() {
        try { return localStorage.getItem(TASK) || ""; } catch { return ""; }  // may be forbidden
    }

    function forget(id) {
        if (remembered() === id) localStorage.removeItem(TASK);
    }

    /* Shows Generate, or Interrupt in its place. SD.Next has no such function, nor the next one:
       there our style sheet does it by the bar, see `stx-bare`. */
    function showButtons(free) {
        if (!bare()) showSubmitButtons(PREFIX, free);
    }

    /* Tells whether the host's page has neither a bar nor buttons that take each other's place. */
    function bare() {
        return typeof window.showSubmitButtons !== "function";
    }

    /* Gives the button Generate back. */
    function ended(id) {
        showButtons(true);
        // a page that is being reloaded ends here too, but its timers never fire
        setTimeout(() => forget(id), 1000);
    }

    /* Shows the host's bar and buttons until a task in its queue ends. */
    function follow(id) {
        showButtons(false);
        if (bare()) draw(id, {});
        requestProgress(
            id, find(`${PREFIX}_progress`), bare() ? null : find(`${PREFIX}_stage`),
            () => ended(id), bare() ? (state) => draw(id, state) : null
        );
    }

    /* Draws a task of the host's queue where the host itself draws nothing. */
    function draw(id, {progress, eta, textinfo, live_preview: preview}) {
        const place = find(`${PREFIX}_progress`);
        const queued = place && place.querySelector(".stx-queued");
        if (!queued || queued.dataset.task !== id) return;
        if (!queued.firstElementChild) {
            queued.innerHTML = '<div class="stx-running"><div class="stx-line">' +
                '<span class="stx-stage"></span><span class="stx-eta"></span></div>' +
                '<div class="stx-bar" role="progressbar" aria-valuemin="0" aria-valuemax="100">' +
                '<div></div></div><img class="stx-preview" alt="" hidden></div>';
        }
        const share = Math.round(100 * (progress || 0));
        queued.querySelector(".stx-stage").textContent = textinfo || "...";
        queued.querySelector(".stx-eta").textContent = eta > 0 ? `${Math.ceil(eta)} s` : "";
        const bar = queued.querySelector(".stx-bar");
        bar.setAttribute("aria-valuenow", share);
        bar.firstElementChild.style.width = `${share}%`;
        const picture = queued.querySelector("img");
        if (preview) picture.src = preview;
        picture.hidden = !picture.src;
    }

    /* Reads what the server wrote in place of the bar: a task that waits in the host's queue has
       the host's bar; one that runs beside it has ours, until it has ended. */
    function readProgress() {
        const place = find(`${PREFIX}_progress`);
        const queued = place && place.querySelector(".stx-queued");
        const over = place && place.querySelector(".stx-ended");
        if (queued && followed !== queued.dataset.task) {
            followed = queued.dataset.task;
            follow(followed);
        } else if (place && !queued && place.querySelector(".stx-running") && !beside) {
            beside = remembered() || "?";
            showButtons(false);
        } else if (over && over.dataset.task === waiting && waiting !== followed) {
            ended(waiting);
            waiting = beside = "";
        }
    }

    window[`switch_to_${TAB}`] = function() {
        switchToTab();
        return Array.from(arguments);
    };

    window[`${PREFIX}_switch_with`] = window[`switch_to_${TAB}`];

    window[`${PREFIX}_send`] = function() {
        const values = withIndex(arguments);
        switchToTab();
        return values;
    };

    window[`${PREFIX}_pull`] = function() {
        return withIndex(arguments);
    };

    window[`${PREFIX}_submit`] = function() {
        restoring = true; // a new task has taken the place of the old one
        const id = waiting = randomId();
        beside = "";
        try { localStorage.setItem(TASK, id); } catch { /* kept by this page alone */ }
        showButtons(false);
        showStage();
        // the result of before is out of sight now, and would go on being heard
        gradioApp().querySelectorAll(`#${PREFIX}_stage .stx-result video`).forEach((video) => {
            video.pause();
        });
        const values = Array.from(arguments);
        values[0] = id;
        return values;
    };

    /* The path of the result, and the time at which its player stands. */
    window[`${PREFIX}_shown`] = function(path) {
        const video = gradioApp().querySelector(`#${PREFIX}_video video`);
        return [path, String(video ? video.currentTime : 0)];
    };

    window[`${PREFIX}_stop`] = function() {
        if (bare()) {
            const bar = gradioApp().querySelector(`#${PREFIX}_progress .stx-running`);
            if (bar) bar.classList.add("stx-stopping");
        } else {
            showSubmitInterruptingPlaceholder(PREFIX);
        }
        return [remembered()];
    };

    window[`${PREFIX}_restore`] = function() {
        const id = remembered();
        if (id && !restoring) waiting = id;
        restoring = true;
        const again = asking;
        asking = false;
        return [again ? `${id} again` : id];
    };

    /* Clicks the hidden button until gradio listens, which takes it a while after the page is
       there; the button's event calls the function above. */
    function restore(tries) {
        const button = find(`${PREFIX}_restore_progress`);
        if (restoring || tries === 0 || !remembered()) return;
        if (button) button.click();
        setTimeout(() => restore(tries - 1), 1000);
    }

    /* Asks for a job anew when the connection that showed it broke: the job itself runs on. One
       whose start was lost, too, left the page without Generate; the answer gives it back. */
    function reconnect() {
        const place = find(`${PREFIX}_progress`);
        const button = find(`${PREFIX}_restore_progress`);
        // gradio writes its word for an error into each output of what failed
        const shown = place && (waiting || place.querySelector(".stx-running"));
        const lost = shown && gradioApp().querySelector(
            `#${PREFIX}_progress span.error, #${PREFIX}_status span.error`
        );
        if (!lost || !button || !remembered()) return;
        const early = 5000 - (Date.now() - reconnected);
        if (early > 0) {
            // the page may not change again by itself
            clearTimeout(reconnecting);
            reconnecting = setTimeout(reconnect, early);
            return;
        }
        reconnected = Date.now();
        asking = true;
        button.click();
        setTimeout(reconnect, 6000); // where this broke, too, nothing else changes the page
    }

    /* Shows the videos of the section "Animate with SadTalker" below a gallery, where lines name
       them. They are gone with the next generation, whose lines take the place of these. */
    function showMade(tab) {
        const told = find(`html_log_${tab}`);
        const place = told && (told.querySelector("p") || told);
        if (!place || place.querySelector(".stx-made")) return;
        const lines = place.textContent.split("\n").map((line) => line.trim());
        for (const line of lines.filter((one) => one.startsWith(MADE))) {
            const video = document.createElement("video");
            video.className = "stx-made";
            video.controls = video.loop = video.playsInline = true;
            video.preload = "metadata";
            // a folder that the WebUI gives nobody a file of
            video.addEventListener("error", () => { video.hidden = true; });
            video.src = `file=${encodeURI(line.slice(MADE.length)).replace(/[?#]/g, encodeURIComponent)}`;
            place.appendChild(video);
        }
    }

    /* Gives a video to the field of our tab that takes options and portrait from it. */
    function takeVideo(file, tries) {
        const field = find(`${PREFIX}_parameters_of`);
        const input = field && field.querySelector("input[type=file]");
        if (input) {
            const given = new DataTransfer();
            given.items.add(file);
            input.files = given.files;
            input.dispatchEvent(new Event("change", {bubbles: true}));
        } else if (field && tries > 0) {
            // it holds an earlier one, whose button takes it away: soon, or later on a busy machine
            const clear = field.querySelector("button[aria-label]");
            if (clear) clear.click();
            setTimeout(() => takeVideo(file, tries - 1), 300);
        }
    }

    /* PNG Info reads pictures; a video that is dropped there comes to our tab. So does one that is
       dropped where results are shown: the field is not seen before the first result. */
    function dropped(event) {
        const files = event.dataTransfer ? Array.from(event.dataTransfer.files) : [];
        const video = files.find((one) => one.type.startsWith("video/"));
        const field = find(`${PREFIX}_parameters_of`);
        const ours = event.target.closest(`#tab_pnginfo, #${PREFIX}_stage`);
        if (!video || !ours || !field || field.contains(event.target)) return;
        event.preventDefault();
        event.stopPropagation();
        switchToTab();
        takeVideo(video, 30);
    }

    document.addEventListener("drop", dropped, true);
    document.addEventListener("dragover", (event) => {
        // without it the browser opens what is dropped there in place of the page
        if (event.target.closest(`#${PREFIX}_stage`)) event.preventDefault();
    });

    onUiLoaded(function() {
        if (bare()) document.body.classList.add("stx-bare");
        restore(30);
    });

    onAfterUiUpdate(readProgress);
    onAfterUiUpdate(reconnect);

    onAfterUiUpdate(function() {
        showMade("txt2img");
        showMade("img2img");
    });

    /* gradio 3 has no option for it */
    onAfterUiUpdate(function() {
        const video = gradioApp().querySelector(`#${PREFIX}_video video`);
        if (video && !video.loop) video.loop = true;
    });

    // some browsers hand files over to other programs: the button is seen there
    const clip = new File([""], "a.mp4", {type: "video/mp4"});
    if (navigator.canShare?.({files: [clip]})) document.documentElement.classList.add("stx-shares");
})();
