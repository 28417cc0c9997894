/**
 * Standard output and error. Output carries results alone: text for people or one JSON document. A reader of standard
 * output that went away (`| head`) is no failure: nothing more is said, and the exit code is that of SIGPIPE.
 */
export const STANDARD_STREAM = '-';

let outputClosed = false;
const closeListeners: (() => void)[] = [];

export function watchStandardStreams(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Any other error reaches whoever wrote.
    if (error.code !== 'EPIPE' || outputClosed) return;
    outputClosed = true;
    for (const listener of closeListeners) listener();
  });
  // A terminal that is gone must not keep a capture from ending cleanly.
  process.stderr.on('error', () => {});
}

export function isOutputClosed(): boolean {
  return outputClosed;
}

export function onOutputClosed(listener: () => void): void {
  closeListeners.push(listener);
}

/** Resolves when the system has taken all of it, or the reader is gone. */
export function writeOutput(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (outputClosed) return resolve();
    process.stdout.write(text, (error) => {
      const failed = error as NodeJS.ErrnoException | null | undefined;
      if (failed && failed.code !== 'EPIPE') reject(failed);
      else resolve();
    });
  });
}

export function writeError(text: string): void {
  process.stderr.write(text);
}

export function toJsonText(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
