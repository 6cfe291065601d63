#include <string.h>

#include "lambert/command/pages.h"

/* The script knows three things of the tables, each a `case`: which words name a command, what the
 * value of an option may be, and what else may come in which place of a command. Kinds of words are
 * told as variables of _lambert: `words` to choose from, or `files`, `folders`, `keys`. */
static const char head[] =
    "# Completion of lambert's command line in bash; made by `lambert help --completion`.\n"
    "\n"
    "_lambert()\n"
    "{\n"
    "    local current=${COMP_WORDS[COMP_CWORD]} path=lambert option= words= kind=words i place=0\n"
    "    COMPREPLY=()\n"
    "    # bash takes NAME=VALUE apart into three words, the middle one being \"=\".\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        local word=${COMP_WORDS[i]}\n"
    "        if [[ $option ]]; then\n"
    "            [[ $word == = ]] || option=\n"
    "        elif [[ $word == = ]]; then\n"
    "            ((i++))\n"
    "        elif [[ $word == -* ]]; then\n"
    "            if _lambert_value \"$path\" \"$word\"; then option=$word; fi\n"
    "        elif [[ $place == 0 ]] && _lambert_command \"$path $word\"; then\n"
    "            path=\"$path $word\"\n"
    "        else\n"
    "            ((place++))\n"
    "        fi\n"
    "    done\n"
    "    [[ $current == = ]] && current=\n"
    "    words= kind=words\n"
    "    if [[ $option ]]; then\n"
    "        _lambert_value \"$path\" \"$option\"\n"
    "    elif [[ ${COMP_WORDS[COMP_CWORD]} == = || ${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then\n"
    "        kind=nothing\n"
    "    elif [[ $current == -* ]]; then\n"
    "        _lambert_options \"$path\"\n"
    "    else\n"
    "        _lambert_word \"$path\" $place\n"
    "    fi\n"
    "    case $kind in\n"
    "    words) COMPREPLY=($(compgen -W \"$words\" -- \"$current\")) ;;\n"
    "    files) COMPREPLY=($(compgen -f -- \"$current\")); compopt -o filenames 2>/dev/null ;;\n"
    "    folders) COMPREPLY=($(compgen -d -- \"$current\")); compopt -o filenames 2>/dev/null ;;\n"
    "    keys)\n"
    "        words=$_lambert_keys\n"
    "        if [[ $current == phase.*.* ]]; then\n"
    "            current_phase=${current#phase.}\n"
    "            words=${words//phase.NAME./phase.${current_phase%%.*}.}\n"
    "        fi\n"
    "        COMPREPLY=($(compgen -S = -W \"$words\" -- \"$current\"))\n"
    "        compopt -o nospace 2>/dev/null ;;\n"
    "    esac\n"
    "}\n";

static int put_names(const struct command *command, const char *name, void *context,
                     struct error *err)
{
    (void)command;
    (void)err;
    if (strchr(name, ' ')) /* all but the program itself */
        buffer_print(context, "    '%s') ;;\n", name);
    return 0;
}

/* Sets `kind` or `words` to what a value of that row may be. */
static void put_kind(const struct command_option *option, struct buffer *out)
{
    static const char *const kinds[] = {[COMPLETE_NOTHING] = "nothing",
                                        [COMPLETE_FILES] = "files",
                                        [COMPLETE_FOLDERS] = "folders",
                                        [COMPLETE_KEYS] = "keys"};
    if (option->kind != OPTION_CHOICE) {
        buffer_print(out, "kind=%s ;;\n", kinds[option->completion]);
        return;
    }
    buffer_print(out, "words='");
    for (int i = 0; i < option->choice_count; i++)
        buffer_print(out, "%s%s", i > 0 ? " " : "", option->choices[i]);
    buffer_print(out, "' ;;\n");
}

static bool has_value(const struct command_option *option)
{
    return option->name && option->kind != OPTION_FLAG && option->kind != OPTION_FLAG_OFF;
}

static int put_values(const struct command *command, const char *name, void *context,
                      struct error *err)
{
    (void)err;
    for (const struct command_option *option = command->options;
         option && option->kind != OPTION_END; option++) {
        if (!has_value(option))
            continue;
        buffer_print(context, "    '%s --%s') ", name, option->name);
        put_kind(option, context);
    }
    return 0;
}

static int put_options(const struct command *command, const char *name, void *context,
                       struct error *err)
{
    (void)err;
    buffer_print(context, "    '%s') words='", name);
    for (const struct command_option *option = command->options;
         option && option->kind != OPTION_END; option++)
        if (option->name)
            buffer_print(context, "--%s ", option->name);
    buffer_print(context, "--help' ;;\n");
    return 0;
}

static int put_words(const struct command *command, const char *name, void *context,
                     struct error *err)
{
    int place = 0;
    (void)err;
    if (command->commands) {
        buffer_print(context, "    '%s 0') words='", name);
        for (int i = 0; command->commands[i]; i++)
            buffer_print(context, "%s%s", i > 0 ? " " : "", command->commands[i]->name);
        buffer_print(context, "' ;;\n");
        return 0;
    }
    for (const struct command_option *option = command->options; option->kind != OPTION_END;
         option++) {
        if (option->kind == OPTION_WORD)
            buffer_print(context, "    '%s %d') ", name, place++);
        else if (option->kind == OPTION_WORDS)
            buffer_print(context, "    '%s '*) ", name);
        else
            continue;
        put_kind(option, context);
    }
    return 0;
}

void command_completion(const struct command *root, const char *keys, struct buffer *out)
{
    struct error err;
    buffer_print(out, "%s\n# _lambert_command NAME: is there such a command?\n", head);
    buffer_print(out, "_lambert_command()\n{\n    case $1 in\n");
    command_each(root, put_names, out, &err);
    buffer_print(out, "    *) return 1 ;;\n    esac\n}\n\n"
                      "# _lambert_value COMMAND OPTION: has it a value, and what may that be?\n"
                      "_lambert_value()\n{\n    case \"$1 $2\" in\n");
    command_each(root, put_values, out, &err);
    buffer_print(out, "    *) return 1 ;;\n    esac\n}\n\n"
                      "# _lambert_options COMMAND\n"
                      "_lambert_options()\n{\n    case $1 in\n");
    command_each(root, put_options, out, &err);
    buffer_print(out, "    esac\n}\n\n"
                      "# _lambert_word COMMAND PLACE: what may stand behind PLACE other words?\n"
                      "_lambert_word()\n{\n    case \"$1 $2\" in\n");
    command_each(root, put_words, out, &err);
    buffer_print(out,
                 "    *) kind=nothing ;;\n    esac\n}\n\n_lambert_keys='\n%s'\n\n"
                 "complete -F _lambert lambert\n",
                 keys);
}
