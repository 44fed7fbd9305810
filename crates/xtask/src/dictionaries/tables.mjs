// Prints the tables of the package @faker-js/faker as JSON: for every locale
// its own ones, without the fallback to another language.
//
// Arguments: the folder of the package, the path of its index in it.

import { pathToFileURL } from "node:url";
import { join } from "node:path";

const [folder, path] = process.argv.slice(-2);
const { allLocales } = await import(pathToFileURL(join(folder, path)).href);
process.stdout.write(JSON.stringify(allLocales));
