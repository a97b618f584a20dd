/* The keys of the tab in SD.Next. Its own handler looks for the buttons in the first shown tab of any
   depth, which lies within another tab of its page, so that ours would never be found. */
(function() {
    const PREFIX = "sadtalker_ext";

    /* The button that a key presses, if it is shown. */
    function meant({key, ctrlKey, metaKey}) {
        const name = key === "Escape" ? "interrupt" : "generate";
        if (name === "generate" && !(key === "Enter" && (ctrlKey || metaKey))) return null;
        const button = gradioApp().getElementById(`${PREFIX}_${name}`);
        return button && button.offsetParent ? button : null;
    }

    function pressed(event) {
        const button = meant(event);
        if (!button || event.repeat || document.querySelector("dialog[open]")) return;
        event.preventDefault();
        event.stopPropagation();
        // a text that is being written reaches the page's memory when it loses the focus
        if (document.activeElement) document.activeElement.blur();
        setTimeout(() => button.click(), 50);
    }

    onUiLoaded(function() {
        // the other hosts find our buttons, and show and hide them by this function
        if (typeof window.showSubmitButtons === "function") return;
        document.addEventListener("keydown", pressed, true);
    });
})();
