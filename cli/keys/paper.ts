/** `doppel key export`: a key on paper, as text and as a QR code. */
import type { KeyInfo, StoreInfo } from '../../src/index.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { formatTime, shortId } from '../format.js';
import { printableLine } from '../printable.js';
import { writeSecretFile } from '../secrets/new-secret.js';
import type { Session } from '../session.js';

export interface ExportOptions {
  readonly qr?: true;
  readonly svg?: string;
}

const DEFAULT_LABEL = 'paper';
const GROUP = 5;
const GROUPS_IN_LINE = 8;
/** Modules around a QR code that must be light, by its standard. */
const QUIET = 4;
const CODE = { ecc: 'M', border: QUIET } as const;
/** White blocks on black, whatever colours the terminal has. */
const [WHITE_ON_BLACK, DEFAULT_COLOURS] = ['\x1b[38;5;231;48;5;16m', '\x1b[0m'];

export async function exportKey(
  session: Session,
  wanted: string | undefined,
  { qr, svg }: ExportOptions,
): Promise<ExitCode> {
  const store = await session.openStore();
  const keys = store.keys ?? (await session.openKeys());
  let text = '';
  const key = await keys.add({
    label: wanted ?? freeLabel(keys.list()),
    onKey: async (secret) => {
      text = secret;
      if (svg !== undefined) await writeSecretFile(svg, `${await svgOf(secret)}\n`);
    },
  });
  const code = qr === true ? await codeLines(text, process.stdout.isTTY === true) : '';
  const document = { key, text, store: { id: store.info.id, location: store.info.location } };
  await session.print(document, () => sheetOf(store.info, key, text) + code);
  return EXIT.done;
}

/** "paper", "paper-2", ... */
function freeLabel(keys: readonly KeyInfo[]): string {
  const labels = new Set(keys.map(({ label }) => label));
  for (let n = 1; ; n++) {
    const label = n === 1 ? DEFAULT_LABEL : `${DEFAULT_LABEL}-${n}`;
    if (!labels.has(label)) return label;
  }
}

function sheetOf(store: StoreInfo, key: KeyInfo, text: string): string {
  return `Key "${printableLine(key.label)}" (${shortId(key.id)}) of the doppel store ${printableLine(store.location)}
Store id ${store.id}, key made ${formatTime(key.created)}

${groups(text)}
To use it, run
  doppel --store STORE key import NEW-KEY-FILE
and type the lines above (blanks, line breaks and case do not matter), or what
the QR code says, which is the same. Then give any command
  --key-file NEW-KEY-FILE
Whoever has this sheet can read and change all of the store.
"doppel key rm ${printableLine(key.label)}" takes the key away, if the sheet gets lost.
`;
}

function groups(text: string): string {
  const start = text.indexOf('1') + 1; // "doppel1"
  const pieces = [text.slice(0, start), ...(text.slice(start).match(new RegExp(`.{1,${GROUP}}`, 'g')) ?? [])];
  const lines: string[] = [];
  for (let i = 0; i < pieces.length; i += GROUPS_IN_LINE)
    lines.push(`  ${pieces.slice(i, i + GROUPS_IN_LINE).join(' ')}\n`);
  return lines.join('');
}

/** In capitals, which take less room in a QR code. */
async function codeLines(text: string, isTerminal: boolean): Promise<string> {
  const { renderUnicodeCompact } = await import('uqr');
  // On paper a block is dark.
  const code = renderUnicodeCompact(text.toUpperCase(), { ...CODE, invert: !isTerminal });
  const lines = code.split('\n').map((line) => (isTerminal ? WHITE_ON_BLACK + line + DEFAULT_COLOURS : line));
  return `\n${lines.join('\n')}\n`;
}

async function svgOf(text: string): Promise<string> {
  const { renderSVG } = await import('uqr');
  return renderSVG(text.toUpperCase(), CODE);
}
