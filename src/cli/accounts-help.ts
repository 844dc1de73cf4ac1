/** What `groxy accounts --help` says. */
export const ACCOUNTS_HELP = `KIND is xai (an API key for api.x.ai), openai (any OpenAI-compatible server, with --base-url) or web (a session of
grok.com: the value of its cookie "sso", or the whole line of cookies). You answer for the terms of the sites whose
accounts you use. A secret of "-" is read from standard input, so that it stays out of the shell's history.
NAME is KIND/NAME where several kinds have an account of that name. A running server knows of changes within
two seconds.

  --name NAME        add: what to call it (default: the kind; a session gets a name of its own)
  --rename NAME      set: what to call it from now on
  --secret -         set: another secret; what was held against the old one is forgotten
  --base-url URL     where the server is; that of an OpenAI-compatible one up to and including /v1
  --models a,b       its models, for a server that does not list them; none asks it again
  --api KIND         what the server speaks: chat, responses or both (default: both for xai and api.openai.com,
                     else chat); the other one is translated
  --weight N         its share beside other accounts (default 1)
  --max N            turns at once; none for no limit (default)
  --rpm N            turns a minute; none for no limit (default)
  --proxy URL        the HTTP(S) proxy of its calls, http://USER:PASSWORD@HOST:PORT; none for that of its kind
                     (settings proxy_xai, proxy_openai, proxy_web), if any. Not on Cloudflare Workers
  --tags a,b         to pick accounts by; none takes them away
  --note TEXT        for yourself; none takes it away

Sessions have more, which none takes away. Groxy makes none of it up, and sends it as it is:

  --tier TIER        basic, super, heavy or unknown; what grok.com says of quotas corrects it
  --user-agent TEXT  the User-Agent of its calls
  --cf-clearance V   the cookie cf_clearance of your browser: good for that browser's address and User-Agent only
  --statsig-id V     the header x-statsig-id
  --header 'N: V'    a further header; may be given several times, and none takes all away
  --cookies 'a=b; c=d'  further cookies

Of many accounts, list, test, export, enable, disable, clear, remove and set take those that fit all of:

  --kind KIND        xai, openai or web
  --tag TAG          those that have it; \`groxy accounts tags\` shows all tags
  --state STATE      on, off, ready (nothing is held against it), or what is held against the account or a part of it:
                     cooling, exhausted, suspect, expired, disabled
  --yes              do it. Without, what would be changed or removed is shown
  --all              list, test: all of them, however many

import takes the JSON of other systems and of export, JSON a line, CSV with or without a header
(token,tier,tags,note,name,status), and text with a session a line. Accounts that are there stay as they are.

  --tier, --tags, --note  for all of the file: the tier and the note instead of its own, the tags besides
  --dry-run          say what would be done
  --verbose          a line about each account, however many

export writes accounts with their secrets in the clear, into a new file that only you can read.

  --format FORMAT    json (default: everything), text (a session a line) or csv
  --force            replace a file that is there

clear forgets what is held against an account: rests, used-up quotas, a refused key. list shows it. test asks
upstreams what costs nothing; refresh asks grok.com what is left of a session's quotas, and keeps the answer.
XAI_API_KEY and OPENAI_API_KEY in the environment each make an account named "env".
Exit code of import: 1 when something in the file was not usable.`
