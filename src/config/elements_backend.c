/* Connections to IMS, MQ, WOLA and files. */
#include "config/registry.h"

#include <limits.h>

static const char *const transport_words[] = { "BINDINGS", "CLIENT", NULL };
static const char *const target_words[] = { "JMS", "MQ", NULL };
static const char *const purge_words[] = { "EntirePool",
                                           "FailingConnectionOnly",
                                           "ValidateAllConnections", NULL };

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_auth_data, __VA_ARGS__)
static const struct cfg_attr auth_data_attrs[] = {
    ATTR(STRING, user, "user", "", "User."),
    ATTR(PASSWORD, password, "password", "", "Password."),
};
#undef ATTR
CFG_TYPE(auth_data, "authData", CFG_FACTORY,
         .help = "Fixed credentials of a connection.");

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_connection_manager, __VA_ARGS__)
static const struct cfg_attr connection_manager_attrs[] = {
    ATTR(INT, max_pool_size, "maxPoolSize", "50", 0, INT_MAX,
         "Connections at most; 0 is no limit."),
    ATTR(INT, min_pool_size, "minPoolSize", "0", 0, INT_MAX,
         "Connections kept."),
    ATTR(DURATION_FROM, connection_timeout_ms, "connectionTimeout", "30s",
         CFG_S, -1, "Wait for a connection; -1 is no limit."),
    ATTR(DURATION_FROM, aged_timeout_ms, "agedTimeout", "-1", CFG_S, -1,
         "Age at which one is closed; -1 never."),
    ATTR(DURATION_FROM, max_idle_time_ms, "maxIdleTime", "30m", CFG_S, -1,
         "Idle time after which one is closed."),
    ATTR(DURATION_FROM, reap_time_ms, "reapTime", "3m", CFG_S, -1,
         "How often that is looked at."),
    ATTR(WORD, purge_policy, "purgePolicy", "EntirePool", purge_words,
         "What a broken connection takes with it."),
};
#undef ATTR
CFG_TYPE(connection_manager, "connectionManager", CFG_FACTORY,
         .help = "A pool of connections.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_gmoa, __VA_ARGS__)
static const struct cfg_attr gmoa_attrs[] = {
    ATTR(STRING, host_name, "hostName", "", "Host."),
    ATTR(INT, port_number, "portNumber", "9999", 1, 65535, "Port."),
    ATTR(STRING, user_name, "userName", "", "User."),
    ATTR(PASSWORD, password, "password", "", "Password."),
    ATTR(STRING, application_name, "applicationName", "",
         "Application of a PassTicket, instead of a password."),
};
#undef ATTR
CFG_TYPE(gmoa, "properties.gmoa", CFG_NESTED,
         .help = "How to reach IMS Connect.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_imsudb, __VA_ARGS__)
static const struct cfg_attr imsudb_attrs[] = {
    ATTR(STRING, database_name, "databaseName", "", "Database view."),
    ATTR(STRING, datastore_name, "datastoreName", "", "IMS system."),
    ATTR(STRING, datastore_server, "datastoreServer", "", "Host."),
    ATTR(INT, port_number, "portNumber", "5555", 1, 65535, "Port."),
    ATTR(INT, driver_type, "driverType", "4", 2, 4, "Kind of driver."),
    ATTR(STRING, user, "user", "", "User."),
    ATTR(PASSWORD, password, "password", "", "Password."),
    ATTR(STRING, application_name, "applicationName", "",
         "Application of a PassTicket, instead of a password."),
    ATTR(BOOL, flatten_tables, "flattenTables", "false",
         "Arrays become columns."),
};
#undef ATTR
CFG_TYPE(imsudb, "properties.imsudbJLocal", CFG_NESTED,
         .help = "How to reach an IMS database.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_ola, __VA_ARGS__)
static const struct cfg_attr ola_attrs[] = {
    ATTR(STRING, register_name, "registerName", "", "Its registration."),
};
#undef ATTR
CFG_TYPE(ola, "properties.ola", CFG_NESTED,
         .help = "How to reach a local address space.");

static enum err
check_factory(void *element, struct err_info *why)
{
    const struct cfg_connection_factory *f = element;
    int n = (f->gmoa != NULL) + (f->imsudb != NULL) + (f->ola != NULL);

    if (n != 1)
        return err_set(why, ERR_SYNTAX,
                       "one of properties.gmoa, properties.imsudbJLocal and "
                       "properties.ola is expected, %d were found",
                       n);
    return ERR_OK;
}

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_connection_factory, __VA_ARGS__)
static const struct cfg_attr connection_factory_attrs[] = {
    ATTR(UNIQUE, jndi_name, "jndiName", "", "Name services use."),
    ATTR(REF, manager, connection_manager, "connectionManagerRef", "", "Pool."),
    ATTR(REF, container_auth_data, auth_data, "containerAuthDataRef", "",
         "Credentials."),
    ATTR(CHILD, gmoa, gmoa, "properties.gmoa", "IMS Connect."),
    ATTR(CHILD, imsudb, imsudb, "properties.imsudbJLocal", "IMS database."),
    ATTR(CHILD, ola, ola, "properties.ola", "Local address space."),
};
#undef ATTR
CFG_TYPE(connection_factory, "connectionFactory", CFG_FACTORY,
         .check = check_factory,
         .help = "A connection to IMS or to a local address space.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_mq_connection, __VA_ARGS__)
static const struct cfg_attr mq_connection_attrs[] = {
    ATTR(ENUM, transport_type, "transportType", "CLIENT", transport_words,
         "BINDINGS or CLIENT."),
    ATTR(STRING, queue_manager, "queueManager", "", "Queue manager."),
    ATTR(STRING, channel, "channel", "SYSTEM.DEF.SVRCONN", "Channel."),
    ATTR(STRING, host_name, "hostName", "localhost", "Host."),
    ATTR(INT, port, "port", "1414", 1, 65535, "Port."),
    ATTR(STRING, connection_name_list, "connectionNameList", "",
         "host(port) of several, separated by commas."),
    ATTR(STRING, ssl_cipher_suite, "sslCipherSuite", "",
         "Cipher suite; with it TLS."),
    ATTR(STRING, user_name, "userName", "", "User."),
    ATTR(PASSWORD, password, "password", "", "Password."),
    ATTR(STRING, client_id, "clientId", "", "Client id."),
    ATTR(STRING, ccdt_url, "ccdtURL", "", "Channel definitions."),
};
#undef ATTR
CFG_TYPE(mq_connection, "properties.wmqJms", CFG_NESTED,
         .help = "How to reach a queue manager.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_jms_connection, __VA_ARGS__)
static const struct cfg_attr jms_connection_attrs[] = {
    ATTR(UNIQUE, jndi_name, "jndiName", "", "That name; else the id."),
    ATTR(REF, manager, connection_manager, "connectionManagerRef", "", "Pool."),
    ATTR(REF, container_auth_data, auth_data, "containerAuthDataRef", "",
         "Credentials."),
    ATTR(CHILD, mq, mq_connection, "properties.wmqJms", "The queue manager."),
};
#undef ATTR
CFG_TYPE(jms_connection, "jmsConnectionFactory", CFG_FACTORY,
         .help = "A connection to a queue manager by the name services use.");

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_jms_queue_connection, __VA_ARGS__)
static const struct cfg_attr jms_queue_connection_attrs[] = {
    ATTR(UNIQUE, jndi_name, "jndiName", "", "That name; else the id."),
    ATTR(REF, manager, connection_manager, "connectionManagerRef", "", "Pool."),
    ATTR(REF, container_auth_data, auth_data, "containerAuthDataRef", "",
         "Credentials."),
    ATTR(CHILD, mq, mq_connection, "properties.wmqJms", "The queue manager."),
};
#undef ATTR
CFG_TYPE(jms_queue_connection, "jmsQueueConnectionFactory", CFG_FACTORY,
         .help = "A connection to a queue manager by the name services use.");

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_jms_topic_connection, __VA_ARGS__)
static const struct cfg_attr jms_topic_connection_attrs[] = {
    ATTR(UNIQUE, jndi_name, "jndiName", "", "That name; else the id."),
    ATTR(REF, manager, connection_manager, "connectionManagerRef", "", "Pool."),
    ATTR(REF, container_auth_data, auth_data, "containerAuthDataRef", "",
         "Credentials."),
    ATTR(CHILD, mq, mq_connection, "properties.wmqJms", "The queue manager."),
};
#undef ATTR
CFG_TYPE(jms_topic_connection, "jmsTopicConnectionFactory", CFG_FACTORY,
         .help = "A connection to a queue manager by the name services use.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_mq_queue, __VA_ARGS__)
static const struct cfg_attr mq_queue_attrs[] = {
    ATTR(STRING, base_queue_name, "baseQueueName", "", "Name of the queue."),
    ATTR(STRING, base_queue_manager_name, "baseQueueManagerName", "",
         "Its queue manager, when it is another."),
    ATTR(STRING, ccsid, "CCSID", "1208", "Code page of the data."),
    ATTR(ENUM, target_client, "targetClient", "JMS", target_words,
         "MQ leaves the JMS header out."),
};
#undef ATTR
CFG_TYPE(mq_queue, "properties.wmqJms", CFG_NESTED, .help = "A queue.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_jms_queue, __VA_ARGS__)
static const struct cfg_attr jms_queue_attrs[] = {
    ATTR(UNIQUE, jndi_name, "jndiName", "", "That name; else the id."),
    ATTR(CHILD, mq, mq_queue, "properties.wmqJms", "The queue."),
};
#undef ATTR
CFG_TYPE(jms_queue, "jmsQueue", CFG_FACTORY,
         .help = "A queue by the name services use.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_mq_topic, __VA_ARGS__)
static const struct cfg_attr mq_topic_attrs[] = {
    ATTR(STRING, base_topic_name, "baseTopicName", "", "Name of the topic."),
    ATTR(STRING, ccsid, "CCSID", "1208", "Code page of the data."),
    ATTR(ENUM, target_client, "targetClient", "JMS", target_words,
         "MQ leaves the JMS header out."),
};
#undef ATTR
CFG_TYPE(mq_topic, "properties.wmqJms", CFG_NESTED, .help = "A topic.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_jms_topic, __VA_ARGS__)
static const struct cfg_attr jms_topic_attrs[] = {
    ATTR(UNIQUE, jndi_name, "jndiName", "", "That name; else the id."),
    ATTR(CHILD, mq, mq_topic, "properties.wmqJms", "The topic."),
};
#undef ATTR
CFG_TYPE(jms_topic, "jmsTopic", CFG_FACTORY,
         .help = "A topic by the name services use.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_wmq_client, __VA_ARGS__)
static const struct cfg_attr wmq_client_attrs[] = {
    ATTR(PATH, native_library_path, "nativeLibraryPath", "",
         "Folder of native libraries."),
};
#undef ATTR
CFG_TYPE(wmq_client, "wmqJmsClient", CFG_SINGLETON,
         .help = "Accepted for compatibility: the client needs no archive.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_mq_service, __VA_ARGS__)
static const struct cfg_attr mq_service_attrs[] = {
    ATTR(STRING, connection_factory, "connectionFactory", "",
         "Name of a jmsConnectionFactory."),
    ATTR(STRING, destination, "destination", "", "Name of a queue or topic."),
    ATTR(STRING, reply_destination, "replyDestination", "",
         "Name of the queue for replies; with it two-way."),
    ATTR(DURATION_FROM, wait_interval_ms, "waitInterval", "0", CFG_MS, -1,
         "Wait for a message; -1 is no limit."),
    ATTR(STRING, selector, "selector", "", "Which messages are taken."),
    ATTR(STRING, reply_selection, "replySelection", "msgIDToCorrelID",
         "How the reply is found."),
    ATTR(INT, expiry, "expiry", "-1", -1, INT_MAX,
         "Life of a message; -1 is no limit."),
    ATTR(BOOL, persistence, "persistence", "false",
         "Messages survive a restart."),
    ATTR(STRING, mqmd_format, "mqmdFormat", "",
         "Format in the message descriptor."),
    ATTR(INT, ccsid, "ccsid", "37", 1, 65535, "Code page of the data."),
    ATTR(BOOL, use_caller_principal, "useCallerPrincipal", "false",
         "The caller's identity is used."),
    ATTR(STRING, user_name, "userName", "", "User when it is not."),
    ATTR(PASSWORD, password, "password", "", "Its password."),
};
#undef ATTR
CFG_TYPE(mq_service, "mqzosconnect_mqzOSConnectService", CFG_FACTORY,
         .help = "A service on queues, defined here instead of in an archive.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_ims_connection, __VA_ARGS__)
static const struct cfg_attr ims_connection_attrs[] = {
    ATTR(STRING, comment, "comment", "", "What it is for."),
    ATTR(REF, factory, connection_factory, "connectionFactoryRef", "",
         "Its connectionFactory."),
    ATTR(DURATION_FROM, connection_timeout_ms, "connectionTimeout", "-1",
         CFG_MS, -1, "Wait for the connection; -1 is no limit."),
    ATTR(STRING, connection_type, "connectionType", "IMSCONNECT",
         "Kind of connection."),
};
#undef ATTR
CFG_TYPE(ims_connection, "imsmobile_imsConnection", CFG_FACTORY,
         .help = "A connection to IMS Connect.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_ims_interaction, __VA_ARGS__)
static const struct cfg_attr ims_interaction_attrs[] = {
    ATTR(STRING, comment, "comment", "", "What it is for."),
    ATTR(INT, commit_mode, "commitMode", "1", 0, 1,
         "0 commits before sending, 1 after."),
    ATTR(INT, sync_level, "syncLevel", "0", 0, 1, "0 none, 1 confirm."),
    ATTR(STRING, ims_connect_codepage, "imsConnectCodepage", "Cp1047",
         "Code page of IMS Connect."),
    ATTR(DURATION, ims_connect_timeout_ms, "imsConnectTimeout", "30000", CFG_MS,
         "Wait of IMS Connect for IMS."),
    ATTR(DURATION_FROM, interaction_timeout_ms, "interactionTimeout", "-1",
         CFG_MS, -1, "Our own wait; -1 is no limit."),
    ATTR(STRING, ims_datastore_name, "imsDatastoreName", "IVP1", "IMS system."),
    ATTR(STRING, lterm_override_name, "ltermOverrideName", "",
         "Logical terminal."),
    ATTR(STRING, user_message_exit, "imsConnectUserMessageExitIdentifier",
         "*SAMPL1*", "Exit that handles the message."),
};
#undef ATTR
CFG_TYPE(ims_interaction, "imsmobile_interaction", CFG_FACTORY,
         .help = "How a transaction is run.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_wola_adapters, __VA_ARGS__)
static const struct cfg_attr wola_adapters_attrs[] = {
    ATTR(STRING, group, "wolaGroup", "", "First part."),
    ATTR(STRING, name2, "wolaName2", "", "Second part."),
    ATTR(STRING, name3, "wolaName3", "", "Third part."),
};
#undef ATTR
CFG_TYPE(wola_adapters, "zosLocalAdapters", CFG_SINGLETON,
         .help = "The name under which local address spaces find the server.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_wola_service, __VA_ARGS__)
static const struct cfg_attr wola_service_attrs[] = {
    ATTR(REF, factory, connection_factory, "connectionFactoryRef", "",
         "Its connectionFactory."),
    ATTR(STRING, register_name, "registerName", "",
         "Registration of the address space."),
    ATTR(STRING, service_name, "serviceName", "",
         "Service of the address space."),
    ATTR(INT, connection_wait_timeout_s, "connectionWaitTimeout", "0", 0,
         INT_MAX, "Seconds to wait for a connection; 0 is no limit."),
    ATTR(STRING, link_task_tran_id, "linkTaskTranID", "",
         "Transaction of the link task."),
    ATTR(STRING, link_task_chan_id, "linkTaskChanID", "", "Its channel."),
    ATTR(STRING, link_task_chan_type, "linkTaskChanType", "",
         "Kind of channel."),
    ATTR(STRING, link_task_req_cont_id, "linkTaskReqContID", "",
         "Container of the request."),
    ATTR(STRING, link_task_req_cont_type, "linkTaskReqContType", "",
         "Its kind."),
    ATTR(STRING, link_task_rsp_cont_id, "linkTaskRspContID", "",
         "Container of the answer."),
    ATTR(STRING, link_task_rsp_cont_type, "linkTaskRspContType", "",
         "Its kind."),
    ATTR(BOOL, use_cics_container, "useCICSContainer", "false",
         "Containers instead of a communication area."),
};
#undef ATTR
CFG_TYPE(wola_service, "zosconnect_localAdaptersConnectService", CFG_FACTORY,
         .help = "A service of a local address space.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_file_manager, __VA_ARGS__)
static const struct cfg_attr file_manager_attrs[] = {
    ATTR(STRING, host, "host", "", "Host."),
    ATTR(INT, run_port, "runport", "2800", 1, 65535, "Port."),
    ATTR(INT, max_timeout_s, "max_timeout", "1800", 0, INT_MAX,
         "Seconds to wait."),
};
#undef ATTR
CFG_TYPE(file_manager, "FileManager_Connection", CFG_FACTORY,
         .help = "A connection to File Manager.");
