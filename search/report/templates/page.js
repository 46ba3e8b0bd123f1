(async () => {
  "use strict";
  const unpack = async (text) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream();
    return new Response(stream.pipeThrough(new DecompressionStream("gzip"))).text();
  };
  // an old browser keeps the still pictures
  if (!("DecompressionStream" in window)) return;
  const script = document.createElement("script");
  script.textContent = await unpack(document.getElementById("plotly").textContent.trim());
  document.head.append(script);
  // no bar of buttons: it hides what lies below, and dragging zooms without it
  const config = { responsive: true, displayModeBar: false };
  for (const live of document.querySelectorAll(".live")) {
    const still = live.parentElement.querySelector(".still");
    const plots = JSON.parse(document.getElementById("plots-" + live.dataset.figure).textContent);
    live.hidden = false;
    const wanted = Math.max(...plots.map(({ layout }) => layout.meta.width));
    live.classList.toggle("single", plots.length === 1);
    if (plots.length === 1) live.style.maxWidth = Math.max(770, wanted) + "px";
    try {
      // all places first: a plot takes the width that its place has
      const places = plots.map(({ layout }) => {
        const room = document.createElement("div");
        const place = document.createElement("div");
        room.className = "wide";
        place.style.minWidth = layout.meta.width + "px";
        live.style.setProperty("--panel", layout.meta.panel + "px");
        room.append(place);
        live.append(room);
        return place;
      });
      for (const [number, { data, layout }] of plots.entries()) {
        await Plotly.newPlot(places[number], data, layout, config);
      }
      still.hidden = true;
    } catch (error) {
      live.hidden = true;
      console.error(live.dataset.figure, error);
    }
  }
  document.documentElement.dataset.ready = "yes";
})();
