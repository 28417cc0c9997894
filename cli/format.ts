/** How numbers, times and ids look to people. JSON never passes through here. */
import prettyBytes from 'pretty-bytes';

const SHORT_ID_LENGTH = 8;

/** 1536 -> "1.5 KiB" */
export function formatBytes(bytes: number): string {
  return prettyBytes(bytes, { binary: true });
}

export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(Math.round(bytesPerSecond))}/s`;
}

/** Local time to the minute: "2025-03-01 14:05" */
export function formatTime(time: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** 4.23 -> "4.2 s", 75 -> "1:15 min", 3700 -> "1:01:40 h" */
export function formatDuration(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)} h` : `${minutes}:${two(rest)} min`;
}

/** "3 GiB in 12.0 s (256 MiB/s)" */
export function formatWork(bytes: number, seconds: number): string {
  const rate = seconds > 0 && bytes > 0 ? ` (${formatRate(bytes / seconds)})` : '';
  return `${formatBytes(bytes)} in ${formatDuration(seconds)}${rate}`;
}

/** 12345 -> "12,345" */
export function formatCount(count: number): string {
  // Not toLocaleString: loading a locale takes longer than many a command.
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** "1 image", "2 images" */
export function countOf(count: number, noun: string, nouns = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : nouns}`;
}

/** 0.1234 of 1 -> "12.3 %"; only the whole is "100 %" */
export function formatShare(part: number, whole: number): string {
  return whole > 0 ? `${Math.floor((1000 * part) / whole) / 10} %` : '-';
}

export function shortId(id: string): string {
  return id.slice(0, SHORT_ID_LENGTH);
}
