// Stands in the head of each page with formulas. A formula changes the lines around it, so the text
// waits until those of the first screen are drawn, two seconds at most (custom.css hides it).
document.documentElement.dataset.formulas = "waiting";
const showText = () => delete document.documentElement.dataset.formulas;
setTimeout(showText, 2000);
window.MathJax.startup = {
  async pageReady() {
    const near = [...document.querySelectorAll(".math")].filter((node) => {
      const { top, bottom } = node.getBoundingClientRect();
      return bottom > -innerHeight && top < 2 * innerHeight;
    });
    await MathJax.typesetPromise(near).catch(console.error);
    showText();
    await MathJax.startup.defaultPageReady();
  },
};
