'use strict';
// The page reads without this script. It adds: a cursor that shows the counts at a time,
// the connection between marks and rows, and buttons that copy a command.
(() => {
  const lit = (element, on) => element && element.classList.toggle('lit', on);

  for (const mark of document.querySelectorAll('a.mark')) {
    const row = document.getElementById(mark.getAttribute('href').slice(1));
    for (const [from, to] of [[mark, row], [row, mark]]) {
      from && from.addEventListener('pointerenter', () => lit(to, true));
      from && from.addEventListener('pointerleave', () => lit(to, false));
    }
  }

  for (const chart of document.querySelectorAll('figure.chart')) {
    const svg = chart.querySelector('svg'), line = chart.querySelector('.cursor');
    const heads = [...chart.querySelectorAll('th')].map((th) => th.textContent);
    const rows = [...chart.querySelectorAll('tbody tr')].map((tr) => ({
      x: Number(tr.dataset.x),
      says: [...tr.cells].slice(1).map((td, i) => heads[i + 1] + ' ' + td.textContent).join(' · '),
    }));
    if (!line || rows.length === 0) continue;
    const tip = document.createElement('div');
    tip.className = 'tip';
    tip.setAttribute('role', 'status');
    tip.hidden = true;
    chart.append(tip);
    let at = 0;
    const show = (index, x) => {
      at = Math.max(0, Math.min(index, rows.length - 1));
      line.setAttribute('x1', x);
      line.setAttribute('x2', x);
      tip.textContent = rows[at].says;
      tip.hidden = false;
      const box = svg.getBoundingClientRect(), frame = chart.getBoundingClientRect();
      const left = box.left - frame.left + x * box.width / svg.viewBox.baseVal.width + 10;
      tip.style.left = Math.max(0, Math.min(left, frame.width - tip.offsetWidth)) + 'px';
      tip.style.top = '0';
    };
    const hide = () => {
      tip.hidden = true;
      line.setAttribute('x1', -9);
      line.setAttribute('x2', -9);
    };
    svg.addEventListener('pointermove', (event) => {
      const box = svg.getBoundingClientRect();
      const x = (event.clientX - box.left) * svg.viewBox.baseVal.width / box.width;
      if (x < Number(svg.dataset.left) || x > Number(svg.dataset.right)) return hide();
      show(rows.findLastIndex((row) => row.x <= x), x);
    });
    svg.addEventListener('pointerleave', hide);
    const region = svg.parentElement;
    region.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.target !== region || !step) return;
      event.preventDefault();
      const next = tip.hidden ? at : Math.max(0, Math.min(at + step, rows.length - 1));
      show(next, rows[next].x);
    });
    region.addEventListener('blur', hide);
  }

  for (const command of document.querySelectorAll('.commands .command')) {
    if (!navigator.clipboard) break;
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'Copy';
    button.setAttribute('aria-label', 'Copy ' + command.textContent);
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(command.textContent);
      button.textContent = 'Copied';
    });
    command.after(button);
  }
})();
