// The words of the candidate's page.

import { speak } from "../../locale";
import { en } from "./en";
import { id } from "./id";

export const t = speak({ id, en });
