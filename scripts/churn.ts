/** Adds nodes to a cluster and takes them away every 100 ms under load, and says what came of it. Takes the seconds. */
import { churn } from '../test/faults/discovery/churn.ts';

const seconds = Number(process.argv[2] ?? 30);
const { commands, failed, wrong, changes, seen, leaked } = await churn({ duration: seconds * 1000, interval: 100 });
console.log(
  `${seconds} s: ${commands} commands, ${failed.length} failed, ${wrong.length} wrong; ` +
    `${changes} changes of the list, ${seen} seen by the client; ${leaked} sockets leaked`,
);
for (const error of failed.slice(0, 5)) console.error(error);
if (failed.length + wrong.length + leaked > 0) process.exitCode = 1;
