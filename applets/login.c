/* SPDX-License-Identifier: Apache-2.0 */
/* rootless login */
#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "applets/host.h"
#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/image/keychain.h"
#include "core/image/login.h"

#define SECRET_MAX 65536

struct login {
	char *username, *password;
	bool password_stdin;
};

static const struct opt opts[] = {
	OPT_STRING(struct login, password, 'p', "password", "string",
		   "Password or Personal Access Token (PAT)"),
	OPT_BOOL(struct login, password_stdin, 0, "password-stdin",
		 "Take the Password or Personal Access Token (PAT) from stdin"),
	OPT_STRING(struct login, username, 'u', "username", "string", "Username"),
	OPT_END,
};

static int check_options(const struct login *o, struct err *e)
{
	if (o->password && o->password_stdin)
		return err_set(e, -EINVAL,
			       "conflicting options: cannot specify both --password and "
			       "--password-stdin");
	if (o->password_stdin && str_empty(o->username))
		return err_set(
			e, -EINVAL,
			"the --password-stdin option requires --username to be set");
	if (o->password && str_empty(o->password))
		return err_set(e, -EINVAL, "password is empty");
	return 0;
}

static int read_stdin(char **ret, struct err *e)
{
	autobuf text = { .max = SECRET_MAX };
	int r = file_read_fd(STDIN_FILENO, SECRET_MAX, &text);

	if (r < 0)
		return err_code(e, r, "read the password from stdin");
	while (text.len && strchr("\r\n", text.data[text.len - 1]))
		text.data[--text.len] = '\0';
	if (!text.len)
		return err_set(e, -EINVAL, "password is empty");
	*ret = buf_take(&text);
	return 0;
}

/* One line from the terminal, without echo when it is a secret. */
static int ask(const char *prompt, bool secret, char **ret, struct err *e)
{
	struct termios saved, quiet;
	char line[1024] = "";

	if (tcgetattr(STDIN_FILENO, &saved))
		return err_set(
			e, -ENOTTY,
			"cannot perform an interactive login from a non-TTY device: use "
			"--username with --password-stdin");
	printf("%s: ", prompt);
	fflush(stdout);
	quiet = saved;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	if (secret)
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	ssize_t n = fd_read(STDIN_FILENO, line, sizeof(line) - 1);
	if (secret) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved);
		printf("\n");
	}
	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	if (!line[0])
		return err_set(e, -EINVAL, "%s is empty",
			       secret ? "password" : "username");
	*ret = str_dup(line);
	explicit_bzero(line, sizeof(line));
	return 0;
}

/* What is there already is tried before anything is asked. *ret_known: it was. */
static int find(const struct host *h, const char *registry, const struct login *o,
		struct auth *a, bool *ret_known, struct err *e)
{
	int r = 0;

	if (!o->username && !o->password) {
		r = auth_find(h->config.registry.config_dir, registry, a, e);
		*ret_known = r == 0 && (a->username || a->identity_token);
		if (r < 0 || *ret_known)
			return r;
	}
	if (o->username)
		a->username = str_dup(o->username);
	else if ((r = ask("Username", false, &a->username, e)) < 0)
		return r;
	if (o->password_stdin)
		return read_stdin(&a->password, e);
	if (o->password) {
		a->password = str_dup(o->password);
		return 0;
	}
	return ask("Password", true, &a->password, e);
}

static int keep(const struct host *h, const char *registry, const struct auth *a,
		struct err *e)
{
	autofree char *plain = NULL;
	int r = keychain_store(h->config.registry.config_dir, registry, a, &plain, e);

	if (r == 0 && plain)
		fprintf(stderr,
			"\nWARNING! Your credentials are stored unencrypted in '%s'.\n"
			"Configure a credential helper to remove this warning. See\n"
			"https://docs.docker.com/go/credential-store/\n\n",
			plain);
	return r;
}

static int login_main(void *opts_, char **args)
{
	const struct login *o = opts_;
	autofree char *registry = login_registry(args[0]);
	autodone(auth_done) struct auth a = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	bool known = false;

	if (check_options(o, &e) < 0)
		return host_fail(&e, 1);
	if (o->password)
		fprintf(stderr, "WARNING! Using --password via the CLI is insecure. Use "
				"--password-stdin.\n");
	if (host_open(&h, &e) < 0 || find(&h, registry, o, &a, &known, &e) < 0)
		return host_fail(&e, 1);
	if (known)
		printf("Authenticating with existing credentials... [Username: %s]\n",
		       a.username ? a.username : "<token>");
	fflush(stdout);
	if (login_check(&h.config.registry, registry, &a, &e) < 0 ||
	    (!known && keep(&h, registry, &a, &e) < 0))
		return host_fail(&e, 1);
	printf("Login Succeeded\n");
	return 0;
}

const struct applet login_applet = {
	.name = "login",
	.args = "[OPTIONS] [SERVER]",
	.summary = "Authenticate to a registry",
	.group = GROUP_COMMON,
	.opts = opts,
	.opts_size = sizeof(struct login),
	.max_args = 1,
	.main = login_main,
};
