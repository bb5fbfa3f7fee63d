// Draws the plots. Each [data-plot] names the <script type="application/json"> with its data; its colours come
// from probes, elements that CSS colours, so that they follow the theme.
(() => {
  const DAY = 86400; // seconds
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const SIZES = [[1e15, "PB"], [1e12, "TB"], [1e9, "GB"], [1e6, "MB"], [1e3, "kB"], [1, "bytes"]];
  const COUNTS = [[1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""]];
  const UNITS = { bytes: SIZES, count: COUNTS, "rows/s": COUNTS };
  // Whole numbers only: there is no half a row
  const STEPS = Array.from({ length: 15 }, (_, zeros) => [1, 2, 5].map((digit) => digit * 10 ** zeros)).flat();
  const plots = new Map(); // element -> uPlot

  // The labels of the y axis share one unit, that of the highest: "42.5 GB", "5 k"
  function amounts(unit, values) {
    const top = Math.max(...values.map(Math.abs));
    const [size, word] = UNITS[unit].find(([least]) => top >= least) ?? UNITS[unit].at(-1);
    return values.map((value) => `${value === 0 ? 0 : +(value / size).toPrecision(4)} ${value === 0 ? "" : word}`.trim());
  }

  const amount = (unit, value) => unit === "bytes" ? amounts(unit, [value])[0] : Math.round(value).toLocaleString("en");

  // Moments come shifted to the server's clock, so they are read as if they were UTC
  const day = (at) => `${MONTHS[new Date(at * 1000).getUTCMonth()]} ${new Date(at * 1000).getUTCDate()}`;
  const clock = (at, step) => new Date(at * 1000).toISOString().slice(11, step < 60 ? 19 : 16);
  const moments = (values, step) => values.map((at) => (step >= DAY ? day(at) : clock(at, step)));
  function moment(all, place, daily) {
    const isLong = all[all.length - 1] - all[0] > DAY;
    if (daily) return day(all[place]);
    return isLong ? `${day(all[place])}, ${clock(all[place], DAY)}` : clock(all[place], 1);
  }

  // What stands under the pointer, in words; those who do not point read the table
  function tell(element, data) {
    const told = element.parentElement.querySelector(".plot-told");
    return ({ cursor: { idx: place }, data: [all] }) => {
      const words = data.series.filter(({ values }) => values[place] != null)
        .map(({ title, values }) => `${amount(data.unit, values[place])} ${title}`);
      told.textContent = words.length ? `${moment(all, place, data.daily)}: ${words.join(", ")}` : "";
    };
  }

  function colour(element, name) {
    const probe = element.appendChild(document.createElement("span"));
    probe.className = `plot-probe plot-${name}`;
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  }

  const faint = (found) => found.replace("rgb(", "rgba(").replace(")", ", 0.12)");

  // Bars stand on each other: the first series is drawn at the height of all, the others in front of it
  const stacked = (series) => series.map((_, place) =>
    series[place].values.map((value, at) =>
      value === null ? null : series.slice(place).reduce((sum, other) => sum + (other.values[at] ?? 0), 0)));

  function line(element, { kind }, { tone }) {
    const stroke = colour(element, tone);
    if (kind === "bars") {
      const paths = uPlot.paths.bars({ size: [0.64, 48], radius: [0.12, 0] });
      return { stroke, fill: stroke, width: 0, paths, points: { show: false } };
    }
    const dash = tone === "projected" ? [1.5, 3] : undefined;
    return { stroke, dash, width: 1.75, fill: kind === "area" ? faint(stroke) : undefined, points: { show: false } };
  }

  function height(data) {
    return (_, least, most) => {
      if (!data.onZero) {
        const [low, high] = uPlot.rangeNum(least ?? 0, most ?? 0, 0.1, true);
        return [least >= 0 ? Math.max(0, low) : low, high];
      }
      const top = most || 1;
      const step = STEPS.find((size) => size >= top / 4) ?? top;
      return [0, Math.ceil(top / step) * step];
    };
  }

  function width({ kind, moments: at }) {
    const half = kind === "bars" ? Math.min(...at.slice(1).map((value, place) => value - at[place])) / 2 : 0;
    return (_, first, last) => [first - half, last + half];
  }

  // A label that would end beyond the plot is left out: half a date is none
  const within = (plot, at, words) => words.map((word, place) =>
    plot.valToPos(at[place], "x") + 3.2 * word.length > plot.bbox.width / devicePixelRatio ? "" : word);

  function axes(element, data) {
    if (element.closest(".plot-small")) return [{ show: false }, { show: false }];
    const style = getComputedStyle(element);
    const common = { stroke: colour(element, "label"), font: `${style.fontSize} ${style.fontFamily}`, ticks: { show: false } };
    const widest = (_, labels) => 16 + 6.6 * Math.max(...(labels ?? [""]).map((label) => label.length));
    return [
      { ...common, size: 26, gap: 8, space: 72, grid: { show: false }, values: (plot, at, __, ___, step) => within(plot, at, moments(at, step)) },
      { ...common, size: widest, gap: 10, space: 30, incrs: STEPS, grid: { stroke: colour(element, "grid"), width: 1 }, values: (_, at) => amounts(data.unit, at) },
    ];
  }

  function options(element, data) {
    return {
      width: element.clientWidth,
      height: element.clientHeight,
      padding: element.closest(".plot-small") ? [2, 0, 0, 0] : [8, 2, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false, setScale: false } },
      hooks: { setCursor: [tell(element, data)] },
      tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
      scales: { x: { range: width(data) }, y: { range: height(data) } },
      axes: axes(element, data),
      series: [{}, ...data.series.map((series) => line(element, data, series))],
    };
  }

  function draw(element) {
    plots.get(element)?.destroy();
    const data = JSON.parse(document.getElementById(element.dataset.plot).textContent);
    const at = data.moments.map((moment) => moment + data.offset);
    const values = data.kind === "bars" ? stacked(data.series) : data.series.map((series) => series.values);
    plots.set(element, new uPlot(options(element, data), [at, ...values], element));
  }

  const sizes = new ResizeObserver((changes) => changes.forEach(({ target }) => {
    if (target.clientWidth) plots.get(target)?.setSize({ width: target.clientWidth, height: target.clientHeight });
  }));

  function drawNew() {
    for (const [element, plot] of plots) {
      if (element.isConnected) continue;
      sizes.unobserve(element);
      plot.destroy();
      plots.delete(element);
    }
    document.querySelectorAll("[data-plot]").forEach((element) => {
      if (plots.has(element)) return;
      draw(element);
      sizes.observe(element);
    });
  }

  const drawAgain = () => [...plots.keys()].forEach(draw);

  document.fonts.ready.then(drawNew); // a canvas does not wait for its font
  document.addEventListener("htmx:afterSwap", drawNew);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAgain);
  new MutationObserver(drawAgain).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
})();
