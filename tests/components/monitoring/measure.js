() => {
  const box = (element) => element.getBoundingClientRect();
  const shown = (element) => box(element).width > 0 && box(element).height > 0;
  return {
    width: innerWidth,
    title: document.title,
    verdict: document.querySelector(".verdict").innerText.trim(),
    color: getComputedStyle(document.querySelector(".verdict")).borderLeftColor,
    overflow: document.documentElement.scrollWidth - innerWidth,
    cells: [...document.querySelectorAll("td")].map((cell) => cell.innerText),
    hidden: [...document.querySelectorAll("h1, p, td, th, figure")].filter((element) => !shown(element)).length,
    plots: [...document.querySelectorAll("figure > svg")].map((plot) => ({
      share: box(plot).width / box(document.body).width,
      shapes: [...plot.querySelectorAll("path, use")].filter((shape) => box(shape).width + box(shape).height > 0).length,
    })),
  };
}
