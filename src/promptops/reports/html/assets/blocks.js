// What the page carries of its cases: an index for each report, and compressed blocks behind it.

const KEPT_BLOCKS = 6;

async function unpacked(node) {
  const packed = atob(JSON.parse(node.textContent));
  const bytes = new Uint8Array(packed.length);
  for (let at = 0; at < packed.length; at++) bytes[at] = packed.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

class Blocks {
  #opened = new Map();
  #nodes = [];

  constructor(report) {
    for (const node of document.querySelectorAll(`script[data-report="${report}"]`)) {
      this.#nodes[Number(node.dataset.block)] = node;
    }
  }

  get count() {
    return this.#nodes.length;
  }

  read(block) {
    // Like `open`, for who goes through all of them once.
    return this.#opened.get(block) ?? unpacked(this.#nodes[block]);
  }

  open(block) {
    const opened = this.#opened.get(block) ?? unpacked(this.#nodes[block]);
    this.#opened.delete(block);
    this.#opened.set(block, opened);
    if (this.#opened.size > KEPT_BLOCKS) this.#opened.delete(this.#opened.keys().next().value);
    return opened;
  }
}
